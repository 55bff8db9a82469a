// What holds for the links of every kind.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { MailKind } from '../../../src/core/mail/kinds.ts'
import { goodPassword } from '../../fixtures.ts'
import {
  assertProblem,
  createTestLog,
  login,
  otherPassword,
  portOf,
  sendForm,
} from '../fixtures.ts'
import { type Dump, issuer, onEveryEngine, type Site, tokenIn } from './site.ts'

const accounts = { registration: 'open' } as const
const register = (site: Site, email = 'new@example.com') =>
  site.call('POST', '/auth/register', { email })
const complete = (site: Site, token: string, username = 'newcomer') =>
  site.call('POST', '/auth/register/complete', { token, username, password: goodPassword })
const reset = (site: Site, token: string) =>
  site.call('POST', '/auth/password-reset/complete', { token, password: otherPassword })

/** Every value of every row, with bytes as the text that they may be. */
function textOf(dump: Dump): string {
  return JSON.stringify(dump, (_key, value) =>
    value instanceof Uint8Array || value?.type === 'Buffer'
      ? Buffer.from(value.data ?? value).toString('latin1')
      : value,
  )
}

/** A link or a code of each kind, of one site. */
async function oneOfEach(site: Site) {
  await site.user('root', { role: 'admin' })
  const alice = await site.user('alice')
  const access = await site.login('alice')
  await site.call('PUT', '/me/email', { email: 'alice2@example.com' }, { token: access })
  const [code] = (await site.sent()).flatMap((mail) => mail.code ?? [])
  await site.call('POST', '/me/email/confirm', { code }, { token: access })
  const { refresh_token } = (await login(site.app, 'alice')).json()
  const restore = await site.tokenOf('email_changed')
  await register(site)
  const registration = await site.tokenOf('registration')
  await site.auth.accounts.invitations?.create({ email: 'guest@example.com' })
  const invitation = await site.tokenOf('invitation')
  await site.call('POST', '/auth/password-reset', { username: 'alice' })
  const passwordReset = await site.tokenOf('password_reset')
  return { alice, code, access, refresh_token, registration, invitation, passwordReset, restore }
}

onEveryEngine((open) => {
  test('a link holds 256 bits, and neither the database nor the log holds it (AC-26)', async () => {
    const log = createTestLog()
    const site = await open({ accounts, app: { logger: log.options as never, logRequests: true } })
    const { code, registration, invitation, passwordReset, restore } = await oneOfEach(site)
    await complete(site, registration)
    const kept = textOf(await site.dump()) + log.lines.join('')
    for (const token of [registration, invitation, passwordReset, restore]) {
      assert.match(token, /^pot_[\w-]{43}$/)
      const bytes = Buffer.from(token.slice(4), 'base64url')
      for (const form of [token.slice(4), bytes.toString('hex'), bytes.toString('latin1')]) {
        assert.ok(!kept.includes(form))
      }
    }
    assert.ok(!kept.includes(code ?? 'none'))
    // Addresses of those who are no users are sealed too.
    assert.ok(!kept.includes('guest@example.com'))
    assert.ok(!log.lines.join('').includes('@example.com'))
  })

  test('no kind passes as another, nor as a token for anything else (AC-27)', async () => {
    const site = await open({ accounts })
    const { access, refresh_token, ...all } = await oneOfEach(site)
    const { registration, invitation, passwordReset, restore, code } = all
    const tokens = { registration, invitation, passwordReset, restore, code, access, refresh_token }
    const doors: Readonly<Record<string, (token: string) => Promise<{ statusCode: number }>>> = {
      registration: (token) => complete(site, token),
      invitation: (token) =>
        site.call('POST', '/auth/invitation/accept', {
          token,
          username: 'guest',
          password: goodPassword,
        }),
      passwordReset: (token) => reset(site, token),
      restore: (token) => site.call('POST', '/auth/email/restore', { token }),
      access: (token) => site.call('GET', '/me', undefined, { token }),
      refresh_token: (token) =>
        sendForm(site.app, '/auth/token', { grant_type: 'refresh_token', refresh_token: token }),
    }
    for (const [door, enter] of Object.entries(doors)) {
      for (const [kind, token] of Object.entries(tokens)) {
        if (kind === door) continue
        const { statusCode } = await enter(token ?? '')
        assert.ok(statusCode >= 400 && statusCode < 500, `${kind} at ${door}: ${statusCode}`)
      }
    }
    // A refresh token that was tried elsewhere is good still, and so is each of the others.
    const own = ['access', 'refresh_token', 'registration', 'invitation', 'restore'] as const
    for (const door of own) {
      const { statusCode } = (await doors[door]?.(tokens[door] ?? '')) ?? {}
      assert.ok(statusCode !== undefined && statusCode < 300, `${door}: ${statusCode}`)
    }
  })

  test('GET, HEAD and OPTIONS change nothing, however often (AC-28)', async () => {
    const site = await open({ accounts })
    await register(site)
    const token = await site.tokenOf('registration')
    const before = textOf(await site.dump())
    const paths = [
      '/auth/register/complete',
      '/auth/password-reset/complete',
      '/auth/invitation/accept',
    ]
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
        for (let turn = 0; turn < 4; turn++) {
          const headers = { 'user-agent': 'Mozilla/5.0 (Safe Links)' }
          const answer = await site.call(method, `${path}?token=${token}`, undefined, { headers })
          assert.ok(
            [404, 405].includes(answer.statusCode),
            `${method} ${path} ${answer.statusCode}`,
          )
          if (answer.statusCode === 405 && method !== 'HEAD')
            assert.equal(answer.headers.allow, 'POST')
        }
      }
    }
    assert.equal(textOf(await site.dump()), before)
    // A token in the query is none.
    assertProblem(await site.call('POST', `/auth/register/complete?token=${token}`, {}), 400)
    assert.equal((await complete(site, token)).statusCode, 201)
  })

  test('nothing that a request says of the host comes into a link (AC-31)', async () => {
    const site = await open({ accounts })
    await site.user('alice')
    const poisoned = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example;proto=http',
      origin: 'https://evil.example',
      referer: 'https://evil.example/',
    }
    await site.call('POST', '/auth/register', { email: 'new@example.com' }, { headers: poisoned })
    await site.call('POST', '/auth/password-reset', { username: 'alice' }, { headers: poisoned })
    await site.app.listen({ port: 0, host: '127.0.0.1' })
    const body = '{"email":"third@example.com"}'
    const socket = connect(portOf(site.app), '127.0.0.1')
    socket.end(
      `POST https://evil.example/auth/register HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await text(socket)
    // The server sends by itself now: its end waits for what is under way.
    await site.app.close()
    await site.sent()
    for (const { text: said, html, link } of site.box.mails) {
      assert.ok(link?.startsWith(`${issuer}/account/`), link ?? 'none')
      assert.doesNotMatch(said + html, /evil/)
    }
    assert.ok(site.box.mails.length >= 2)
  })

  test('of fifty redemptions at once one has an effect (AC-32)', async () => {
    const site = await open({ accounts })
    const twin = await site.twin()
    await register(site)
    const token = await site.tokenOf('registration')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        complete(index % 2 ? site : twin, token, `newcomer${index}`),
      ),
    )
    const made = answers.filter(({ statusCode }) => statusCode === 201)
    const others = new Set(answers.map(({ statusCode }) => statusCode))
    others.delete(201)
    assert.equal(made.length, 1)
    for (const status of others) assert.ok([410, 503].includes(status), String(status))
    assert.equal((await site.auth.users.counts()).total, 1)
  })

  test('a link ends with the password, the address, the logins, the user; a reactivation revives none (AC-33)', async () => {
    const site = await open({ accounts })
    await site.user('root', { role: 'admin' })
    const { users } = site.auth
    const ends: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      password: (id) => users.setPassword(id, otherPassword),
      address: (id) => users.setEmail(id, 'other@example.com', { verified: true }),
      'no address': (id) => users.setEmail(id, null),
      'log-out everywhere': (id) => users.endSessions(id),
      deactivation: (id) => users.deactivate(id),
      reactivation: async (id) => {
        await users.deactivate(id)
        await users.reactivate(id)
      },
      deletion: (id) => users.remove(id),
    }
    let index = 0
    for (const [name, end] of Object.entries(ends)) {
      const id = await site.user(`user${++index}`)
      await site.call('POST', '/auth/password-reset', { username: `user${index}` })
      const token = await site.tokenOf('password_reset')
      await end(id)
      assertProblem(await reset(site, token), 410)
      assert.ok(name)
    }
  })

  test('whoever tries links out waits, and nobody else does (AC-35)', async () => {
    const site = await open({ accounts })
    await register(site)
    const token = await site.tokenOf('registration')
    const wrong = `pot_${'A'.repeat(43)}`
    const guess = () =>
      site.call(
        'POST',
        '/auth/password-reset/complete',
        { token: wrong, password: goodPassword },
        { from: '192.0.2.7' },
      )
    const statuses: number[] = []
    for (let turn = 0; turn < 25; turn++) statuses.push((await guess()).statusCode)
    assert.equal(statuses[0], 410)
    const last = await guess()
    assertProblem(last, 429)
    assert.ok(Number(last.headers['retry-after']) > 0)
    assert.equal((await complete(site, token)).statusCode, 201)
  })

  test('a link works in another browser than the one that asked (AC-36)', async () => {
    const site = await open({ accounts })
    await site.user('alice')
    const phone = { headers: { 'user-agent': 'Phone', 'accept-language': 'de' }, from: '192.0.2.1' }
    const body = { username: 'alice' }
    await site.call('POST', '/auth/password-reset', body, phone)
    const [mail] = await site.sent()
    assert.match(mail?.text ?? '', /Passwort/)
    assert.equal((await reset(site, tokenIn(mail as never))).statusCode, 204)
  })

  test('no route takes a token in its address, and no answer leads anywhere with one (AC-30)', async () => {
    const site = await open({ accounts: { ...accounts, deletion: true } })
    const { paths } = (await site.call('GET', '/openapi.json')).json()
    for (const [path, operations] of Object.entries(paths)) {
      assert.ok(!path.includes('{token}'), path)
      for (const { parameters = [] } of Object.values(
        operations as Record<string, { parameters?: { name: string }[] }>,
      )) {
        assert.ok(!parameters.some(({ name }) => name === 'token'), path)
      }
    }
    const kinds: readonly MailKind[] = ['registration', 'password_reset']
    await site.user('alice')
    await register(site)
    await site.call('POST', '/auth/password-reset', { username: 'alice' })
    for (const { kind, link } of await site.sent()) {
      assert.ok(kinds.includes(kind))
      const { pathname, search, hash } = new URL(link ?? '')
      assert.ok(!`${pathname}${search}`.includes('pot_') && hash.startsWith('#token=pot_'))
    }
  })
})
