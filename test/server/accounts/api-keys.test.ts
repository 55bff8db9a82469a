// API keys of users on the ready server, on every database.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { goodPassword } from '../../fixtures.ts'
import { assertProblem } from '../fixtures.ts'
import { onEveryEngine, type Site, tokenIn } from './site.ts'

const day = 86_400
const auth = {
  apiKeys: true,
  roles: { admin: ['*'], editor: ['items:read', 'items:write', 'users:read'], member: [] },
}
const accounts = { deletion: true, registration: 'open' } as const

interface Made {
  readonly id: string
  readonly key: string
}

async function make(site: Site, token: string, scope = '', name = 'backup'): Promise<Made> {
  const answer = await site.call('POST', '/me/keys', { name, scope }, { token })
  assert.equal(answer.statusCode, 201, answer.body)
  return answer.json()
}

const statusOf = async (site: Site, token: string): Promise<number> =>
  (await site.call('GET', '/me', undefined, { token })).statusCode

const names = ({ json }: LightMyRequestResponse): unknown =>
  json().keys.map((key: { readonly name: string }) => key.name)

onEveryEngine((open) => {
  test('a key is made after a recent login, shown once, listed and ended (AC-84, AC-112)', async () => {
    const site = await open({ auth })
    const userId = await site.user('alice', { role: 'editor' })
    const token = await site.login('alice')
    const asked = { name: ' backup ', scope: 'items:read', expires_in: 30 * day }
    const answer = await site.call('POST', '/me/keys', asked, { token })
    assert.equal(answer.headers['cache-control'], 'no-store')
    const { key, ...made } = answer.json()
    assert.match(key, /^pcat_[0-9A-Za-z]{36}$/)
    const now = site.clock()
    const { id } = made
    const shown = {
      ...{ id, name: 'backup', scope: 'items:read' },
      ...{ created_at: now, expires_at: now + 30 * day, last_used_at: null },
    }
    assert.deepEqual(made, shown)
    const list = await site.call('GET', '/me/keys', undefined, { token })
    assert.deepEqual(list.json(), { keys: [shown] })
    const me = (await site.call('GET', '/me', undefined, { token: key })).json()
    assert.deepEqual([me.id, me.scope], [userId, 'items:read'])
    assert.ok(!JSON.stringify(await site.dump()).includes(key.slice(5)), 'it is nowhere at rest')
    assert.equal(
      (await site.call('DELETE', `/me/keys/${id}`, undefined, { token })).statusCode,
      204,
    )
    assertProblem(await site.call('GET', '/me', undefined, { token: key }), 401)
    assertProblem(await site.call('DELETE', `/me/keys/${id}`, undefined, { token }), 404)
    const events = await site.auth.events.list({ userId, limit: 9 })
    const ofKeys = events.filter(({ type }) => type.startsWith('api_key'))
    assert.deepEqual(
      ofKeys.map(({ type, actor, details }) => [type, actor, details]),
      [
        ['api_key_ended', `user:${userId}`, { key: id, name: 'backup' }],
        ['api_key_created', `user:${userId}`, { key: id, name: 'backup', scope: 'items:read' }],
      ],
    )
    site.clock.advance(301)
    const late = await site.call('POST', '/me/keys', asked, { token })
    assertProblem(late, 401)
    assert.match(String(late.headers['www-authenticate']), /insufficient_user_authentication/)
  })

  test('its owner is told by mail of a key that is made or ended', async () => {
    const site = await open({ auth })
    await site.user('alice')
    const token = await site.login('alice')
    await site.sent()
    const { id } = await make(site, token, '', 'nightly')
    const [made] = await site.sent()
    assert.deepEqual([made?.kind, made?.to], ['api_key_created', 'alice@example.com'])
    assert.match(made?.text ?? '', /“nightly”/)
    await site.call('DELETE', `/me/keys/${id}`, undefined, { token })
    assert.deepEqual(
      (await site.sent()).map(({ kind }) => kind),
      ['api_key_ended'],
    )
  })

  test('no key gets more than its maker may in this login', async () => {
    const site = await open({ auth })
    await site.user('alice', { role: 'editor' })
    const token = await site.login('alice')
    const ask = (scope: unknown, more = {}, by = token) =>
      site.call('POST', '/me/keys', { name: 'key', scope, ...more }, { token: by })
    for (const scope of ['*', 'users:write', 'items:read nothing:known', 'a  b', ' ', 'a"b']) {
      assertProblem(await ask(scope), 422)
    }
    for (const name of ['', ' ', 'x'.repeat(101), 'a\nb']) {
      assertProblem(await ask('items:read', { name }), 422)
    }
    for (const expires_in of [0, 59, 366 * day + 1]) {
      assertProblem(await ask('items:read', { expires_in }), 422)
    }
    for (const expires_in of [-1, 1.5, '60', 2 ** 60, null]) {
      assertProblem(await ask('items:read', { expires_in }), 400)
    }
    for (const scope of [undefined, null, ['items:read']]) assertProblem(await ask(scope), 400)
    const form = { grant_type: 'password', username: 'alice', password: goodPassword }
    const narrow = await site.app.inject({
      ...{ method: 'POST', url: '/auth/token' },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ ...form, scope: 'items:read' }).toString(),
    })
    const reader = narrow.json().access_token
    assertProblem(await ask('items:write', {}, reader), 422)
    assert.equal((await ask('items:read', {}, reader)).statusCode, 201)
  })

  test('scope and role of today count, in every process at the next request (AC-113)', async () => {
    const site = await open({ auth })
    const twin = await site.twin()
    const userId = await site.user('alice', { role: 'editor' })
    await site.user('root', { role: 'admin' })
    const token = await site.login('alice')
    const { key } = await make(site, token, 'items:read users:read')
    const scopeAt = async (at: Site) =>
      (await at.call('GET', '/me', undefined, { token: key })).json().scope
    assert.deepEqual(
      [await scopeAt(site), await scopeAt(twin)],
      ['items:read users:read', 'items:read users:read'],
    )
    await site.auth.users.changeRole(userId, 'member')
    assert.deepEqual([await scopeAt(twin), await scopeAt(site)], ['', ''])
    await twin.auth.users.changeRole(userId, 'editor')
    assert.equal(await scopeAt(site), 'items:read users:read')
  })

  const ends: Readonly<Record<string, (site: Site, key: KeyOf) => Promise<unknown>>> = {
    'its end': async (site, { id, userId }) => await site.auth.apiKeys?.end(userId, id),
    'the end of all': async (site, { userId }) => await site.auth.apiKeys?.endAll(userId),
    'its expiry': async (site) => site.clock.advance(90 * day),
    'a deactivation': async (site, { userId }) => await site.auth.users.deactivate(userId),
    'a suspension': async (site, { userId }) =>
      await site.auth.users.suspend(userId, site.clock() + 99),
    'a deletion': async (site, { userId }) => await site.auth.users.remove(userId),
    'a wish to be deleted': async (site, { token }) =>
      await site.call('DELETE', '/me', undefined, { token }),
    'a reset of the password (AC-41)': async (site, { email }) => {
      await site.call('POST', '/auth/password-reset', { email })
      const reset = (await site.sent()).find(({ kind }) => kind === 'password_reset')
      assert.ok(reset)
      const body = { token: tokenIn(reset), password: 'another good passphrase' }
      const answer = await site.call('POST', '/auth/password-reset/complete', body)
      assert.equal(answer.statusCode, 204)
    },
    'a password that an administrator sets': async (site, { userId }) =>
      await site.auth.users.setPassword(userId, 'another good passphrase'),
  }
  interface KeyOf {
    readonly id: string
    readonly userId: string
    readonly token: string
    readonly email: string
  }

  test('a key ends with what ends it, in every process at the next request (AC-113)', async () => {
    const site = await open({ auth, accounts })
    const twin = await site.twin()
    await site.user('root', { role: 'admin' })
    let made = 0
    for (const [name, end] of Object.entries(ends)) {
      const [user, email] = [`user${made}`, `user${made++}@example.com`]
      const userId = await site.user(user, { email })
      const token = await site.login(user)
      const { id, key } = await make(site, token)
      assert.deepEqual([await statusOf(site, key), await statusOf(twin, key)], [200, 200], name)
      await end(site, { id, userId, token, email })
      assert.deepEqual([await statusOf(twin, key), await statusOf(site, key)], [401, 401], name)
    }
  })

  test('a key outlives a change of password by its owner, and a log-out everywhere', async () => {
    const site = await open({ auth })
    const userId = await site.user('alice')
    const token = await site.login('alice')
    const { key } = await make(site, token)
    const change = { old_password: goodPassword, new_password: 'another good passphrase' }
    assert.equal((await site.call('PUT', '/me/password', change, { token })).statusCode, 204)
    await site.auth.users.endSessions(userId)
    assert.equal(await statusOf(site, key), 200)
  })

  test('a key reads who it is for, and may nothing else below /me (AC-114)', async () => {
    const site = await open({ auth, accounts })
    const userId = await site.user('alice', { role: 'editor' })
    await site.user('root', { role: 'admin' })
    const token = await site.login('alice')
    const { key } = await make(site, token, 'items:read')
    const before = JSON.stringify([await site.auth.users.find(userId), await keysOf(site, userId)])
    const asked: string[] = []
    for (const [path, operations] of Object.entries(site.app.swagger().paths ?? {})) {
      if (!path.startsWith('/me') && path !== '/auth/step-up') continue
      for (const method of Object.keys(operations ?? {})) {
        const url = path.replace(/\{\w+\}/, randomUUID())
        const body = bodies[`${method} ${path}`]
        const answer = await site.call(method.toUpperCase(), url, body, { token: key })
        if (`${method} ${path}` === 'get /me') {
          assert.equal(answer.statusCode, 200)
          continue
        }
        assertProblem(answer, 403)
        assert.match(answer.json().detail, /needs a login/, `${method} ${path}`)
        asked.push(`${method} ${path}`)
      }
    }
    for (const needed of Object.keys(bodies)) assert.ok(asked.includes(needed), needed)
    assert.ok(asked.length >= 14, asked.join())
    const after = JSON.stringify([await site.auth.users.find(userId), await keysOf(site, userId)])
    assert.equal(after.replace(/"lastUsedAt":\d+/, '"lastUsedAt":null'), before)
    assert.equal(await statusOf(site, token), 200)
  })

  test('the key of an administrator deletes nobody, sets no password or address, links no identity, makes and ends no key (AC-114)', async () => {
    const site = await open({ auth, accounts })
    await site.user('root', { role: 'admin' })
    const userId = await site.user('alice')
    const { id, key: hers } = await make(site, await site.login('alice'))
    const { key } = await make(site, await site.login('root'), '*')
    const user = `/admin/users/${userId}`
    const identity = { issuer: 'https://other.example', subject: 'mallory' }
    for (const [method, url, body] of [
      ['DELETE', user],
      ['PUT', `${user}/password`, { password: 'another good passphrase' }],
      ['PUT', `${user}/email`, { email: 'mallory@example.org', verified: true }],
      ['DELETE', `${user}/email`],
      ['POST', `${user}/identities`, identity],
      ['DELETE', `${user}/identities?${new URLSearchParams(identity)}`],
      ['POST', `${user}/password-reset`, {}],
      ['GET', `${user}/keys`],
      ['DELETE', `${user}/keys`],
      ['DELETE', `${user}/keys/${id}`],
      ['POST', '/admin/invitations', { email: 'mallory@example.org', role: 'admin' }],
    ] as const) {
      const answer = await site.call(method, url, body, { token: key })
      assertProblem(answer, 403)
      assert.match(answer.json().detail, /needs a login/, `${method} ${url}`)
    }
    assert.equal((await site.call('GET', user, undefined, { token: key })).statusCode, 200)
    assert.equal(await statusOf(site, hers), 200)
  })

  test('administrators list and end the keys of a user', async () => {
    const site = await open({ auth })
    await site.user('root', { role: 'admin' })
    const userId = await site.user('alice', { role: 'editor' })
    const hers = await site.login('alice')
    const [one, two, three] = [
      await make(site, hers, 'items:read', 'one'),
      await make(site, hers, '', 'two'),
      await make(site, hers, '', 'three'),
    ]
    const keys = `/admin/users/${userId}/keys`
    const token = await site.login('root')
    assert.deepEqual(names(await site.call('GET', keys, undefined, { token })), [
      ...['one', 'two', 'three'],
    ])
    assertProblem(await site.call('GET', keys, undefined, { token: hers }), 403)
    assertProblem(await site.call('DELETE', `${keys}/${one.id}`, undefined, { token: hers }), 403)
    const other = `/admin/users/${randomUUID()}/keys`
    assertProblem(await site.call('GET', other, undefined, { token }), 404)
    assertProblem(await site.call('DELETE', `${other}/${one.id}`, undefined, { token }), 404)
    const end = await site.call('DELETE', `${keys}/${one.id}`, undefined, { token })
    assert.equal(end.statusCode, 204)
    assert.deepEqual([await statusOf(site, one.key), await statusOf(site, two.key)], [401, 200])
    assert.equal((await site.call('DELETE', keys, undefined, { token })).statusCode, 204)
    assert.deepEqual([await statusOf(site, two.key), await statusOf(site, three.key)], [401, 401])
    const [event] = await site.auth.events.list({ type: 'api_key_ended', limit: 1 })
    assert.match(event?.actor ?? '', /^user:/)
    assert.notEqual(event?.actor, `user:${userId}`)
  })

  test('a user ends nobody else’s key, and all of their own', async () => {
    const site = await open({ auth })
    await site.user('alice')
    await site.user('mallory')
    const token = await site.login('alice')
    const [one, two] = [await make(site, token), await make(site, token)]
    const theirs = await make(site, await site.login('mallory'))
    const mallory = { token: await site.login('mallory') }
    assertProblem(await site.call('DELETE', `/me/keys/${one.id}`, undefined, mallory), 404)
    assert.equal((await site.call('DELETE', '/me/keys', undefined, { token })).statusCode, 204)
    const states = [one, two, theirs].map(({ key }) => statusOf(site, key))
    assert.deepEqual(await Promise.all(states), [401, 401, 200])
  })

  test('no key is made in a login that has ended meanwhile, or beyond 100', async () => {
    const site = await open({ auth })
    const userId = await site.user('alice')
    const token = await site.login('alice')
    const [session] = await site.auth.sessions.list(userId)
    for (let index = 0; index < 99; index++) {
      await site.auth.apiKeys?.create({ userId, name: `key ${index}`, scopes: [] })
    }
    const asked = { userId, name: 'key', scopes: [], sessionId: session?.id }
    await site.auth.apiKeys?.create(asked)
    const answer = await site.call('POST', '/me/keys', { name: 'x', scope: '' }, { token })
    assertProblem(answer, 409)
    assert.equal(answer.json().code, 'api_key_limit')
    await site.auth.apiKeys?.endAll(userId)
    await site.auth.sessions.end(session?.id ?? '')
    const late = site.auth.apiKeys?.create(asked)
    await assert.rejects(late ?? assert.fail(), { code: 'user_unknown' })
  })

  test('a client that may introspect is told of a key, and none can revoke one', async () => {
    const site = await open({ auth })
    const userId = await site.user('alice', { role: 'editor' })
    const { key, id } = await make(site, await site.login('alice'), 'items:read')
    const introspect = true
    const secret = await site.auth.clients.register({
      ...{ id: 'api', introspect, grants: [], confidential: true },
    })
    const basic = `Basic ${Buffer.from(`api:${secret}`).toString('base64')}`
    const ask = async (path: string, token: string) =>
      await site.app.inject({
        ...{ method: 'POST', url: path },
        headers: {
          ...{ authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
        },
        payload: new URLSearchParams({ token }).toString(),
      })
    const { iat, exp, ...known } = (await ask('/auth/introspect', key)).json()
    assert.equal(exp - iat, 90 * day)
    assert.deepEqual(known, {
      ...{ active: true, token_type: 'bearer', sub: userId, jti: id, username: 'alice' },
      ...{ aud: site.auth.audience, iss: site.auth.issuer, scope: 'items:read', roles: ['editor'] },
    })
    await site.auth.users.changeRole(userId, 'member')
    assert.equal((await ask('/auth/introspect', key)).json().scope, '')
    const revoked = await ask('/auth/revoke', key)
    assert.deepEqual([revoked.statusCode, revoked.json().error], [400, 'unsupported_token_type'])
    assert.equal(await statusOf(site, key), 200)
    await site.auth.apiKeys?.endAll(userId)
    assert.deepEqual((await ask('/auth/introspect', key)).json(), { active: false })
  })

  test('a mail tells of a key 7 days before it expires, once, and it is pruned later (AC-115)', async () => {
    const site = await open({ auth })
    const twin = await site.twin()
    const userId = await site.user('alice')
    for (const [name, days] of [
      ['long', 90],
      ['short', 7],
      ['other', 90],
    ] as const) {
      await site.auth.apiKeys?.create({ userId, name, scopes: [], lifetime: days * day })
    }
    const tell = async () => {
      await Promise.all([site, twin].map((each) => each.auth.apiKeys?.tellExpiring()))
      const mails = [...(await site.sent()), ...(await twin.sent())]
      return mails.filter(({ kind }) => kind === 'api_key_expires').map(({ text }) => text)
    }
    await site.sent()
    site.clock.advance(83 * day - 1)
    assert.deepEqual(await tell(), [])
    site.clock.advance(1)
    const told = await tell()
    assert.deepEqual(told.map((text) => /“(\w+)”/.exec(text)?.[1]).toSorted(), ['long', 'other'])
    assert.deepEqual(await tell(), [])
    const left = async () => (await site.auth.apiKeys?.list(userId))?.length
    site.clock.advance(7 * day)
    assert.deepEqual([await site.auth.apiKeys?.prune(), await left()], [1, 2])
    site.clock.advance(30 * day)
    assert.deepEqual([await site.auth.apiKeys?.prune(), await left()], [0, 2])
    site.clock.advance(1)
    assert.deepEqual([await site.auth.apiKeys?.prune(), await left()], [2, 0])
  })

  test('none of it is there without the option', async () => {
    const site = await open({ auth: { ...auth, apiKeys: false } })
    const userId = await site.user('alice')
    const token = await site.login('alice')
    for (const url of ['/me/keys', `/me/keys/${randomUUID()}`, `/admin/users/${userId}/keys`]) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        assertProblem(await site.call(method, url, undefined, { token }), 404)
      }
    }
    const document = JSON.stringify(site.app.swagger())
    for (const word of ['ApiKey', 'API key', '/keys']) assert.ok(!document.includes(word), word)
  })
})

const bodies: Readonly<Record<string, object | undefined>> = {
  'post /me/keys': { name: 'another', scope: '' },
  'delete /me/keys': undefined,
  'delete /me/keys/{id}': undefined,
  'patch /me': { username: 'mallory' },
  'delete /me': undefined,
  'put /me/password': { old_password: goodPassword, new_password: 'another good passphrase' },
  'delete /me/sessions': undefined,
  'delete /me/sessions/{session}': undefined,
  'put /me/email': { email: 'mallory@example.org' },
  'delete /me/email': undefined,
  'post /me/email/confirm': { code: '00000000' },
  'post /me/email/verification': undefined,
  'post /auth/step-up': { password: goodPassword },
}

async function keysOf({ auth }: Site, userId: string): Promise<unknown> {
  return await auth.apiKeys?.list(userId)
}
