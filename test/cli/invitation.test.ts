// Invitations and links for new passwords from the command line, used over HTTP.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRelay } from '../mail/relay.ts'
import { createInstallation, type Finished, rowsOf, run, serve } from './process.ts'

const password = 'seven quiet otters juggle'
const newPassword = 'nine loud otters whisper'

type Environment = Readonly<Record<string, string>>

const commandIn =
  (directory: string, environment: Environment) =>
  (line: string, more: Environment = {}) =>
    // Without a PORT, as in a shell: the link then leads to the server that started last.
    run(directory, line.split(' '), { environment: { PORT: '', ...environment, ...more } })

async function post(url: string, path: string, body: object): Promise<number> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await answer.text()
  return answer.status
}

async function login(url: string, username: string, secret: string): Promise<number> {
  const body = new URLSearchParams({ username, password: secret })
  const answer = await fetch(`${url}/auth/token`, { method: 'POST', body })
  await answer.text()
  return answer.status
}

interface ListedEvent {
  readonly type: string
  readonly actor: string
  readonly details?: { readonly link_shown?: boolean }
}

/** A line for each. */
const eventsIn = ({ stdout }: Finished): readonly ListedEvent[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

const tokenOf = (link: string): string => new URL(link.trim()).hash.slice('#token='.length)

test('somebody is invited, listed and let in, or the invitation is withdrawn', async () => {
  const directory = createInstallation()
  const command = commandIn(directory, { REGISTRATION: 'invited' })
  const server = await serve(directory, { REGISTRATION: 'invited' })
  try {
    assert.deepEqual(rowsOf(await command('invitation list')), [])
    const line = 'invitation create --email Ann@example.com --username ann --role admin'
    const made = await command(`${line} --expires-in 3600 --link`)
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stderr, /^The link works once, until \S+Z\. It is not shown again:\n$/)
    // The issuer of the server, which has PORT=0, and not that of a PORT that is not set.
    assert.match(made.stdout, /^http:\/\/localhost\/account\/invitation#token=pot_/)
    const open = await command('invitation create')
    assert.match(open.stdout, /#token=pot_/)

    const listed = JSON.parse((await command('invitation list --json')).stdout)
    assert.partialDeepStrictEqual(listed, [
      { email: 'Ann@example.com', username: 'ann', role: 'admin', invited_by: null },
      { email: null, username: null, role: 'member' },
    ])
    assert.equal(listed[0].expires_at - listed[0].created_at, 3600)
    assert.ok(!JSON.stringify(listed).includes('pot_'))
    const rows = rowsOf(await command('invitation list')).map((cells) => cells.slice(0, 4))
    assert.deepEqual(rows, [
      [listed[0].id, 'Ann@example.com', 'ann', 'admin'],
      [listed[1].id, '-', '-', 'member'],
    ])

    const account = { token: tokenOf(made.stdout), password }
    assert.equal(await post(server.url, '/auth/invitation/accept', account), 201)
    assert.equal(await login(server.url, 'ann', password), 200)
    const withdrawn = await command(`invitation withdraw ${listed[1].id}`)
    assert.equal(withdrawn.stdout, `The invitation ${listed[1].id} is withdrawn.\n`)
    const late = { token: tokenOf(open.stdout), username: 'eve', password }
    assert.equal(await post(server.url, '/auth/invitation/accept', late), 410)
    const again = await command(`invitation withdraw ${listed[1].id}`)
    assert.deepEqual([again.code, again.stderr], [1, 'There is no such invitation.\n'])
    assert.deepEqual(rowsOf(await command('invitation list')), [])

    const events = eventsIn(await command('events list --json'))
    const ours = events.filter(({ type }) => /invit/.test(type))
    assert.equal(ours.length, 3)
    for (const { actor } of ours) assert.match(actor, /^cli:./)
    assert.ok(!JSON.stringify(events).includes('pot_'))
  } finally {
    await server.stop()
  }
})

test('with a relay the server mails the link, and the command prints none', async (t) => {
  const relay = await startRelay(t)
  const directory = createInstallation()
  const environment = {
    ...{ REGISTRATION: 'invited', MAIL_FROM: 'no-reply@a.example' },
    SMTP_URL: `smtp://127.0.0.1:${relay.port}`,
  }
  const command = commandIn(directory, environment)
  const { stdout, stderr } = await command('invitation create --email ann@example.com')
  assert.match(
    stdout,
    /^A running server mails the link to ann@example\.com\. It works until \S+Z\.\n$/,
  )
  assert.equal(stderr, '')
  const shown = await command('invitation create --email bob@example.com --link')
  assert.match(shown.stdout, /#token=pot_/)
  assert.equal(relay.received.length, 0)
})

test('what cannot be an invitation is refused, and so is every one where nobody may be invited', async () => {
  const directory = createInstallation()
  const command = commandIn(directory, { REGISTRATION: 'invited' })
  for (const [line, code, says] of [
    ['create --email ann@b@c', 1, /must be of the form/],
    ['create --username \u0430nn', 1, /username/i],
    ['create --role king', 1, /role/],
    ['create --expires-in 59', 64, /from 60 to 2592000/],
    ['create --expires-in 2592001', 64, /from 60 to 2592000/],
    ['withdraw nothing', 1, /no such invitation/],
  ] as const) {
    const { code: actual, stdout, stderr } = await command(`invitation ${line}`)
    assert.deepEqual([actual, stdout], [code, ''], line)
    assert.match(stderr, says)
  }
  for (const line of ['create', 'list', 'withdraw x']) {
    const { code, stderr } = await command(`invitation ${line}`, { REGISTRATION: '' })
    assert.equal(code, 78)
    assert.match(stderr, /Nobody can be invited: set REGISTRATION=invited/)
  }
})

test('a link for a new password is printed once, and is an event', async () => {
  const directory = createInstallation()
  const environment = { PASSWORD_RESET: 'true' }
  const command = commandIn(directory, environment)
  await run(directory, ['user', 'add', 'root', '--role', 'admin'], { input: password })
  await run(directory, ['user', 'add', 'alice'], { input: password })
  const server = await serve(directory, environment)
  try {
    const { code, stdout, stderr } = await command('user reset-link ALICE')
    assert.equal(code, 0, stderr)
    assert.equal(stderr, 'Make sure who asks. The link for alice works once, for 30 minutes:\n')
    assert.match(stdout, /^http:\/\/localhost\/account\/reset-password#token=pot_/)
    assert.equal(await login(server.url, 'alice', password), 200)
    const reset = { token: tokenOf(stdout), password: newPassword }
    assert.equal(await post(server.url, '/auth/password-reset/complete', reset), 204)
    assert.equal(await post(server.url, '/auth/password-reset/complete', reset), 410)
    assert.equal(await login(server.url, 'alice', newPassword), 200)
  } finally {
    await server.stop()
  }
  const listed = await command('events list --type password_reset_requested --json')
  const [event, ...others] = eventsIn(listed)
  assert.deepEqual(others, [])
  assert.match(event?.actor ?? '', /^cli:./)
  assert.equal(event?.details?.link_shown, true)

  await command('user deactivate alice')
  const inactive = await command('user reset-link alice')
  assert.deepEqual([inactive.code, inactive.stdout], [1, ''])
  assert.match(inactive.stderr, /run user reactivate alice first/)
  assert.match((await command('user reset-link bob')).stderr, /no such user/)
  const off = await command('user reset-link root', { PASSWORD_RESET: '' })
  assert.equal(off.code, 78)
  assert.match(off.stderr, /set PASSWORD_RESET=true/)
})
