// The check of mails with real relays, on a database as `serve` makes it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkMail } from '../../../src/cli/doctor/mail.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { inspectDatabase } from '../../../src/server/inspect-database.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import { aMail, anEvent } from '../../../src/stores/contract/records.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { aCertificate, answer, startListener, startRelay } from '../../mail/relay.ts'
import { createInstallation, run } from '../process.ts'

const address = 'ann@example.com'

interface Asked {
  readonly sendTo?: string
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A line for each finding, with what to do after it. */
async function examine(
  smtpUrl: string | undefined,
  { sendTo, directory, environment = {} }: Asked = {},
): Promise<readonly string[]> {
  const config = readConfig({
    ...(smtpUrl !== undefined && { SMTP_URL: smtpUrl, MAIL_FROM: 'Example <no-reply@a.example>' }),
    ...(directory !== undefined && { DATA_DIR: join(directory, 'data') }),
    ...environment,
  })
  const findings = await checkMail({
    ...{ config, sendTo, targetTime: undefined, databaseFailure: null, now: systemClock() },
    inspection: directory === undefined ? null : await inspectDatabase(config),
  })
  const text = JSON.stringify(findings)
  assert.doesNotMatch(text, /hidden|%3A/, 'the password of the relay is told')
  return findings.map(({ name, status, finding, advice }) => {
    assert.equal(name, 'mail')
    return `${status}: ${finding} ${advice ?? ''}`.trim()
  })
}

test('without a relay there is nothing to say, unless a mail is to be sent', async () => {
  assert.deepEqual(await examine(undefined), [])
  assert.deepEqual(await examine(undefined, { sendTo: address }), [
    'problem: No mail was sent: there is no relay. Set SMTP_URL and MAIL_FROM.',
  ])
})

test('a relay that takes the login is good, and gets a mail only if it is asked for', async (t) => {
  const { port, received } = await startRelay(t)
  const url = `smtp://127.0.0.1:${port}`
  const relay = `ok: The relay 127.0.0.1 port ${port} takes connections without a login.`
  assert.deepEqual(await examine(url), [relay])
  assert.equal(received.length, 0)

  const environment = { SITE_NAME: 'Bücher & Söhne', ISSUER: 'https://auth.example.com' }
  assert.deepEqual(await examine(url, { sendTo: address, environment }), [
    relay,
    `ok: The relay has taken a mail to ${address}. See whether it arrives, also among spam.`,
  ])
  assert.equal(received.length, 1)
  const { from, to, source = '' } = received[0] ?? {}
  assert.deepEqual([from, to], ['no-reply@a.example', [address]])
  assert.match(source, /^Message-ID: <[\w-]{36}@auth\.example\.com>\r$/im)
  assert.match(source, /^From: Example <no-reply@a\.example>\r$/m)
  assert.match(source, /portcullis doctor sent this mail/)
  assert.match(source, /<html lang=3D"en"/)
})

test('each fault of a relay is one sentence that names it, and another that mends it', async (t) => {
  const certificate = await aCertificate('127.0.0.1')
  const asksForLogin = await startRelay(t, {
    ...{ authOptional: false, allowInsecureAuth: true },
    onAuth: (_, __, done) => done(new Error('535 the password hidden is wrong')),
  })
  const tls = await startRelay(t, { ...certificate, secure: true })
  const withoutTls = await startRelay(t, { disabledCommands: ['STARTTLS'] })
  const busy = await startListener(t, (socket) => socket.end('450 come back later\r\n'))
  const { port: gone, server } = await startListener(t, () => {})
  await new Promise((resolve) => server.close(resolve))

  const rows: readonly (readonly [url: string, says: RegExp])[] = [
    [`smtp://me:hidden%3A1@127.0.0.1:${gone}`, /does not answer: ECONNREFUSED\. Check host and po/],
    [
      `smtp://me:hidden%3A1@127.0.0.1:${asksForLogin.port}`,
      /refuses the user or .* Percent-encode/,
    ],
    [`smtps://me:hidden%3A1@127.0.0.1:${tls.port}`, /not trusted\. .* NODE_EXTRA_CA_CERTS\.$/],
    [`smtp://me:hidden%3A1@0.0.0.0:${withoutTls.port}`, /offers no TLS, or /],
    [`smtp://127.0.0.1:${busy.port}`, /does not take the mail now: 450\. Look the status up/],
  ]
  for (const [url, says] of rows) {
    const [finding = '', ...others] = await examine(url, { sendTo: address })
    assert.deepEqual(others, [], url)
    assert.match(finding, says)
    assert.match(finding, new RegExp(`^problem: \\S+ port ${new URL(url).port}: `))
  }
})

test('a relay that does not take the test mail is a problem', async (t) => {
  const { port } = await startRelay(t, {
    onMailFrom: ({ address: from }, _, done) =>
      done(from === 'nobody@a.example' ? answer(550, from) : null),
    onRcptTo: ({ address: to }, _, done) => done(answer(554, to)),
  })
  const url = `smtp://127.0.0.1:${port}`
  const [, refused = ''] = await examine(url, { sendTo: address })
  assert.match(refused, /^problem: .* refused the mail for good: 554\. .* no-reply@a\.example send/)
  const environment = { MAIL_FROM: 'nobody@a.example' }
  const [sender = ''] = await examine(url, { sendTo: address, environment })
  assert.match(sender, /^problem: .* now: 550\. .* may not let MAIL_FROM send/)
})

/** An installation whose outbox holds mails of so many seconds ago that wait, and some that were given up. */
async function installationWith(
  ages: readonly number[],
  failedAges: readonly number[] = [],
): Promise<string> {
  const directory = createInstallation()
  const store = sqlite(join(directory, 'data/portcullis.db'))
  await store.open()
  const now = systemClock()
  for (const age of ages) {
    // It was tried a moment ago.
    await store.outbox?.add(aMail({ createdAt: now - age, dueAt: now - 5, expiresAt: now + 9999 }))
  }
  for (const age of failedAges) {
    await store.events.append(anEvent({ type: 'mail_failed', at: now - age, outcome: 'failure' }))
  }
  await store.close()
  return directory
}

test('mails that wait for an hour, or were given up in the last day, are a warning', async (t) => {
  const { port } = await startRelay(t)
  const url = `smtp://127.0.0.1:${port}`
  const of = async (directory: string) => (await examine(url, { directory })).slice(1)
  assert.deepEqual(await of(await installationWith([60, 3000], [100_000])), [])
  const [waits = '', failed = ''] = await of(await installationWith([60, 7300], [10, 80_000, 1e6]))
  assert.match(waits, /^warning: 2 mails wait to be sent, the oldest for 2 hours\. Check that a se/)
  assert.match(failed, /^warning: 2 mails were given up in the last day\. Run `portcullis events/)
})

test('the command sends a mail without a server, and needs the package nodemailer', async (t) => {
  const { port, received } = await startRelay(t)
  const directory = createInstallation()
  const environment = { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'no-reply@a.example' }
  const doctor = async (more: Readonly<Record<string, string>> = {}) => {
    const words = ['doctor', '--json', '--send-to', address]
    const { stdout } = await run(directory, words, { environment: { ...environment, ...more } })
    const { findings } = JSON.parse(stdout) as { findings: readonly Record<string, string>[] }
    return findings.filter(({ name }) => name === 'mail')
  }
  assert.deepEqual(
    (await doctor()).map(({ status }) => status),
    ['ok', 'ok'],
  )
  assert.deepEqual(
    received.map(({ to }) => to),
    [[address]],
  )

  const hide = `import { registerHooks } from 'node:module'
    registerHooks({
      resolve(name, context, next) {
        if (name !== 'nodemailer') return next(name, context)
        throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' })
      },
    })`
  const without = `--import "data:text/javascript,${encodeURIComponent(hide)}"`
  const [missing, ...others] = await doctor({ NODE_OPTIONS: without })
  assert.deepEqual(others, [])
  assert.equal(missing?.status, 'problem')
  assert.match(missing?.finding ?? '', /need the package nodemailer: npm install nodemailer@10/)

  const wrong = await run(directory, ['doctor', '--send-to', 'ann@b@c'], { environment })
  assert.equal(wrong.code, 64)
  assert.match(wrong.stderr, /The e-mail address must be of the form/)
})
