// The mails that a server for development keeps, and shows to whoever develops.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import { type RunningServer, type StartOptions, startServer } from '../../../src/server/start.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-dev-mail-'))
after(() => rmSync(directory, { recursive: true, force: true }))

async function start(
  options: StartOptions,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const settings = { DATA_DIR: directory, PORT: '0', LOG_LEVEL: 'error', ...environment }
  return await startServer(
    readConfig(settings, { keepsMails: options.mailbox !== undefined }),
    options,
  )
}

describe('the mails of a server for development', () => {
  test('they are at /dev/mail, which the start says (AC-55)', async () => {
    const box = mailbox()
    /** The server sends by itself, when it has stored one. */
    const arrived = async (count: number): Promise<void> => {
      while (box.mails.length < count) await setImmediate()
    }
    const server = await start({ mailbox: box }, { REGISTRATION: 'open' })
    try {
      const { url, auth, greeting } = server
      assert.ok(greeting.includes(`Mails:       ${url}/dev/mail`), greeting.join('\n'))
      const empty = await fetch(`${url}/dev/mail`)
      assert.match(await empty.text(), /There is none yet/)
      await auth.accounts.registration?.request({ email: 'a@example.com', address: '192.0.2.1' })
      await arrived(1)
      await auth.accounts.registration?.request({ email: 'b@example.com', address: '192.0.2.1' })
      await arrived(2)
      const list = await (await fetch(`${url}/dev/mail`)).text()
      const [first, second] = [...list.matchAll(/href="([^"]*\/dev\/mail\/[^"]+)"/g)]
      assert.ok(list.indexOf('a@example.com') > list.indexOf('b@example.com'), 'newest first')
      assert.ok(second)
      const page = await fetch(url + first?.[1])
      const html = await page.text()
      assert.match(html, /<iframe sandbox [^>]*srcdoc="&#60;!doctype/i)
      assert.match(html, /#token=pot_/)
      const policy = page.headers.get('content-security-policy') ?? ''
      assert.match(policy, /^default-src 'none'/)
      assert.doesNotMatch(policy, /script-src/)
      assert.equal(page.headers.get('cache-control'), 'no-store')
      assert.equal((await fetch(`${url}/dev/mail/other`)).status, 404)
      const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object }
      assert.ok(!Object.keys(paths).some((path) => path.startsWith('/dev')))
    } finally {
      await server.close()
    }
  })

  test('without them there is no such path, whatever the environment says (AC-55)', async () => {
    for (const environment of [{}, { NODE_ENV: 'development' }, { REGISTRATION: 'invited' }]) {
      const server = await start({}, environment)
      try {
        assert.equal((await fetch(`${server.url}/dev/mail`)).status, 404)
        assert.ok(!server.greeting.some((line) => line.includes('/dev/mail')))
      } finally {
        await server.close()
      }
    }
  })

  test('registration stays closed there unless it is set (AC-13)', async () => {
    const server = await start({ mailbox: mailbox() })
    try {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: '{"email":"a@example.com"}' }
      assert.equal((await fetch(`${server.url}/auth/register`, init)).status, 404)
      assert.equal((await fetch(`${server.url}/auth/password-reset`, init)).status, 202)
    } finally {
      await server.close()
    }
  })

  test('a relay takes the place of the kept mails', async () => {
    const relay = { SMTP_URL: 'smtp://localhost:1', MAIL_FROM: 'a@example.com' }
    const server = await start({ mailbox: mailbox() }, relay)
    try {
      assert.equal((await fetch(`${server.url}/dev/mail`)).status, 404)
    } finally {
      await server.close()
    }
  })
})
