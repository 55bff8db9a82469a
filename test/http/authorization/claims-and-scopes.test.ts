// What userinfo tells, what scopes there are, and what becomes of them at a refresh.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import { byPassword } from '../../../src/core/tokens/authentication.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'
import {
  authenticationOf,
  claimsIn,
  createRelyingParty,
  loginByBrowser,
  type RelyingParty,
} from './relying-party.ts'

let party: RelyingParty

before(async () => {
  const accounts = { mailer: mailbox(), from: 'no-reply@example.com' }
  party = await createRelyingParty({ accounts })
})
after(async () => await party.auth.close())

test('userinfo has the claims of the granted scopes, of the user of the ID token (OP-38)', async () => {
  const { id: sub } = (await party.browser()).user
  const address = { email: 'alice@example.com', email_verified: true }
  for (const [scopes, claims] of [
    [['openid'], {}],
    [['openid', 'profile'], { preferred_username: 'alice' }],
    [['openid', 'email'], address],
    [['openid', 'profile', 'email'], { preferred_username: 'alice', ...address }],
  ] as const) {
    const { access_token, id_token } = await party.tokens({ scopes })
    const answered = await party.userinfo(access_token)
    assert.equal(answered.status, 200)
    assert.deepEqual(answered.body, { sub, ...claims })
    assert.equal(claimsIn(String(id_token)).sub, sub)
    assert.equal(answered.headers.get('cache-control'), 'no-store')
    assert.match(String(answered.headers.get('content-type')), /^application\/json/)
  }
})

test('a user without an address has no claims of one (OP-38)', async () => {
  await party.auth.users.create({ username: 'dave', password: goodPassword })
  const browser = await party.browser('dave')
  const { access_token } = await party.tokens({ browser, scopes: ['openid', 'email'] })
  assert.deepEqual((await party.userinfo(access_token)).body, { sub: browser.user.id })
})

test('userinfo takes the token of a form, and never two or that of a query (OP-38)', async () => {
  const { access_token } = await party.tokens()
  const form = { access_token }
  const headers = { authorization: `Bearer ${access_token}` }
  const path = '/auth/userinfo'
  assert.equal((await party.send('POST', path, { form })).status, 200)
  assert.equal((await party.send('POST', path, { headers })).status, 200)
  assert.equal((await party.send('POST', path, { headers, form: { other: '1' } })).status, 200)

  const two = await party.send('POST', path, { form, headers })
  assert.equal(two.status, 400)
  assert.match(String(two.headers.get('www-authenticate')), /^Bearer .*error="invalid_request"/)
  const inQuery = await party.send('GET', `${path}?access_token=${access_token}`)
  assert.equal(inQuery.status, 401)
  assert.equal(inQuery.headers.get('www-authenticate'), 'Bearer')
  const large = await party.send('POST', path, { form: { access_token: 'a'.repeat(20_000) } })
  assert.equal(large.status, 413)
  const other = await party.send('DELETE', path, { headers })
  assert.deepEqual([other.status, other.headers.get('allow')], [405, 'GET, HEAD, POST'])
})

test('userinfo refuses a token without openid, a forged one and that of a client (OP-38)', async () => {
  const plain = await party.userinfo((await party.tokens({ scopes: ['items:read'] })).access_token)
  assert.equal(plain.status, 403)
  const challenge = String(plain.headers.get('www-authenticate'))
  assert.match(challenge, /error="insufficient_scope".*scope="openid"/)
  const admin = await party.auth.users.create({
    ...{ username: 'root', password: goodPassword, role: 'admin' },
  })
  const browser = await party.browser(admin.username)
  const everything = await party.tokens({ browser, scopes: ['*'] })
  assert.equal((await party.userinfo(everything.access_token)).status, 403)
  const forged = await party.userinfo('abc')
  assert.match(String(forged.headers.get('www-authenticate')), /error="invalid_token"/)
})

test('a token that has ended, or whose user cannot log in any more, is 401 at once (OP-38)', async () => {
  const { users, sessions } = party.auth
  const ends: Readonly<Record<string, (id: string, sid: string) => Promise<unknown>>> = {
    deactivated: (id) => users.deactivate(id),
    suspended: (id) => users.suspend(id, party.clock() + 60),
    removed: (id) => users.remove(id),
    stamped: (id) => users.endSessions(id),
    revoked: (_, sid) => sessions.end(sid),
  }
  for (const [username, end] of Object.entries(ends)) {
    const { id } = await users.create({ username, password: goodPassword })
    const { access_token } = await party.tokens({ browser: await party.browser(username) })
    assert.equal((await party.userinfo(access_token)).status, 200)
    await end(id, String(claimsIn(access_token).sid))
    const { status, headers } = await party.userinfo(access_token)
    assert.equal(status, 401, username)
    assert.match(String(headers.get('www-authenticate')), /error="invalid_token"/)
  }
})

test('scopes without claims that a user can have are not there (OP-39)', async () => {
  const { scopes } = party.authorization
  assert.deepEqual(scopes.names, ['openid', 'profile', 'email', 'offline_access'])
  for (const none of ['address', 'phone', 'items:read', '*', 'constructor', '__proto__', '']) {
    assert.equal(scopes.has(none), false)
  }
  const claims = ['sub', 'preferred_username', 'email', 'email_verified']
  assert.deepEqual(scopes.claimNames, claims)
})

test('no permission has the name of a scope of OpenID Connect: start-up names the clash (OP-39)', async () => {
  const problems = async (options: object): Promise<readonly string[]> => {
    const error = await createTestAuth({ hostedLogin: loginByBrowser, ...options }).then(
      () => assert.fail('it started'),
      (refusal) => refusal,
    )
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  for (const options of [
    { roles: { admin: ['*'], member: ['email'] } },
    { permissions: { email: 'May send mail' } },
    { clients: [{ id: 'sender', scopes: ['email'] }] },
  ]) {
    const [problem, ...others] = await problems(options)
    assert.match(String(problem), /"email"/)
    assert.deepEqual(others, [])
    // Without a login by browser they are names like any other.
    await (await createTestAuth(options)).close()
  }
  const both = await problems({ roles: { admin: ['*'], member: ['openid', 'phone'] } })
  assert.equal(both.length, 2)
  assert.throws(() => party.auth.permissions.add('profile'), TypeError)
})

test('permissions of a token are those of role and client, its OIDC scopes those granted (OP-40)', async () => {
  const scopes = ['openid', 'items:read']
  assert.equal((await party.tokens({ client: 'reader', scopes })).scope, 'openid items:read')
  assert.equal((await party.tokens({ client: 'web', scopes: ['openid'] })).scope, 'openid')
})

test('a role that loses a permission narrows tokens of the flow at the next request (OP-41)', async () => {
  const options = { roles: { admin: ['*'], member: ['items:read'], guest: [] } }
  const other = await createRelyingParty(options)
  const tokens = await other.tokens({ scopes: ['openid', 'items:read'] })
  const guard = createGuards(other.auth).requirePermission('items:read')
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  await guard({ headers })
  const { sub } = claimsIn(tokens.access_token)
  await other.auth.users.changeRole(String(sub), 'guest')
  await assert.rejects(async () => await guard({ headers }), { statusCode: 403 })
  const { body } = await other.refresh('spa', String(tokens.refresh_token))
  assert.equal(body.scope, 'openid')
  await other.auth.close()
})

test('a refresh brings a new ID token of the same login, without a nonce', async () => {
  const tokens = await party.tokens({ nonce: 'once', scopes: ['openid', 'items:read'] })
  party.clock.advance(100)
  const { status, body } = await party.refresh('spa', String(tokens.refresh_token))
  assert.equal(status, 200)
  const [was, is] = [tokens.id_token, body.id_token].map((token) => claimsIn(String(token)))
  for (const same of ['iss', 'sub', 'aud', 'auth_time', 'sid', 'acr']) {
    assert.equal(is?.[same], was?.[same])
  }
  assert.equal(is?.nonce, undefined)
  assert.equal(Number(is?.iat) - Number(was?.iat), 100)
  assert.notEqual(is?.at_hash, was?.at_hash)
})

test('a refresh may narrow scopes of both kinds, and widen neither', async () => {
  const scopes = ['openid', 'email', 'items:read', 'items:write']
  let token = String((await party.tokens({ scopes })).refresh_token)
  const narrowed = async (scope: string) => {
    const { body } = await party.refresh('spa', token, { scope })
    if (body.refresh_token !== undefined) token = String(body.refresh_token)
    return body
  }
  const kept = await narrowed('openid items:read')
  assert.deepEqual([kept.scope, typeof kept.id_token], ['openid items:read', 'string'])
  const plain = await narrowed('items:read')
  assert.deepEqual([plain.scope, plain.id_token], ['items:read', undefined])
  assert.equal((await narrowed('openid profile')).error, 'invalid_scope')
  assert.equal((await narrowed('')).scope, scopes.join(' '))

  // Everything is every permission, and no claim.
  await party.auth.users.create({ username: 'boss', password: goodPassword, role: 'admin' })
  const browser = await party.browser('boss')
  const all = await party.tokens({ browser, scopes: ['*'] })
  const wider = await party.refresh('spa', String(all.refresh_token), { scope: 'openid' })
  assert.equal(wider.body.error, 'invalid_scope')
})

test('a login by password has no scopes of OpenID Connect', async () => {
  const form = { username: 'alice', password: goodPassword, ...authenticationOf('login') }
  const asked = await party.send('POST', '/auth/token', { form: { ...form, scope: 'openid' } })
  assert.deepEqual([asked.status, asked.body.error], [400, 'invalid_scope'])
  const all = await party.send('POST', '/auth/token', { form })
  assert.equal(all.body.scope, 'items:read items:write')
  assert.equal(all.body.id_token, undefined)
})

test('a client that asks for no offline access is tied to the browser session (OP-72)', async () => {
  const browser = await party.browser()
  const tied = await party.tokens({ browser, scopes: ['openid'] })
  const offline = await party.tokens({ browser, scopes: ['openid', 'offline_access'] })
  const stranger = await party.tokens({ browser, client: 'web' })
  assert.equal(stranger.refresh_token, undefined)
  const both = [tied, offline].map(({ refresh_token }) => String(refresh_token))
  const rotated: string[] = []
  for (const token of both) {
    rotated.push(String((await party.refresh('spa', token)).body.refresh_token))
  }
  await party.authorization.browserSessions.end(browser.session.id)
  assert.equal((await party.userinfo(tied.access_token)).status, 401)
  assert.equal((await party.userinfo(stranger.access_token)).status, 401)
  assert.equal((await party.userinfo(offline.access_token)).status, 200)
  const statuses = []
  for (const token of rotated) statuses.push((await party.refresh('spa', token)).status)
  assert.deepEqual(statuses, [400, 200])
})

test('a refresh token of a public client is rotated, and its reuse ends the family (OP-72)', async () => {
  const { refresh_token, access_token } = await party.tokens()
  const first = await party.refresh('spa', String(refresh_token))
  const second = await party.refresh('spa', String(first.body.refresh_token))
  party.clock.advance(20)
  assert.equal((await party.refresh('spa', String(refresh_token))).status, 400)
  assert.equal((await party.refresh('spa', String(second.body.refresh_token))).status, 400)
  assert.equal((await party.userinfo(access_token)).status, 401)
})

test('offline access is a refresh token for a client of others, if it has that grant (OP-73)', async () => {
  const scopes = ['openid', 'offline_access']
  const web = await party.tokens({ client: 'web', scopes })
  assert.equal((await party.refresh('web', String(web.refresh_token))).status, 200)
  const quiet = await party.tokens({ client: 'quiet', scopes })
  assert.equal(quiet.refresh_token, undefined)
  const { sid } = claimsIn(quiet.access_token)
  const session = await party.auth[internals].store.sessions.find(String(sid))
  assert.equal(session?.offline, false)
})

test('a revoked token ends its session, and leaves the browser logged in', async () => {
  const browser = await party.browser()
  const tokens = await party.tokens({ browser })
  const form = { token: tokens.access_token, client_id: 'spa' }
  assert.equal((await party.send('POST', '/auth/revoke', { form })).status, 200)
  assert.equal((await party.userinfo(tokens.access_token)).status, 401)
  assert.equal((await party.tokens({ browser })).scope, 'openid')
})

test('how the user authenticated is the same in ID token, access token and introspection (OP-68)', async () => {
  const browser = await party.browser()
  party.clock.advance(1000)
  const tokens = await party.tokens({
    browser,
    client: 'web',
    scopes: ['openid', 'offline_access'],
  })
  const how = { auth_time: party.clock() - 1000, acr: '1fa', amr: ['pwd'] }
  const shown = [
    ...[claimsIn(String(tokens.id_token)), claimsIn(tokens.access_token)],
    ...[
      await party.introspect(tokens.access_token),
      await party.introspect(String(tokens.refresh_token)),
    ],
  ]
  for (const { auth_time, acr, amr } of shown) assert.deepEqual({ auth_time, acr, amr }, how)
})

test('who authenticates again in the browser gets a token that a guard of recent logins takes (OP-68)', async () => {
  const browser = await party.browser()
  party.clock.advance(1000)
  const guard = createGuards(party.auth).requireRecentLogin({ maxAge: 300 })
  const guarded = async (token: string) =>
    await guard({ headers: { authorization: `Bearer ${token}` } })
  const old = await party.tokens({ browser, client: 'quiet' })
  await assert.rejects(guarded(old.access_token), { statusCode: 401 })
  const { browserSessions } = party.authorization
  const again = await browserSessions.reauthenticate(browser, byPassword(party.clock()))
  const newer = await browserSessions.read(String(again?.cookie))
  assert.ok(newer)
  const recent = await party.tokens({ browser: newer, client: 'quiet' })
  assert.equal((await guarded(recent.access_token)).username, 'alice')
  assert.equal(claimsIn(String(recent.id_token)).auth_time, party.clock())
  assert.equal(claimsIn(recent.access_token).sid, claimsIn(old.access_token).sid)
})

test('a step-up keeps the scopes of OpenID Connect', async () => {
  const { access_token } = await party.tokens({ scopes: ['openid', 'email', 'items:read'] })
  const request = new Request(new URL('/auth/step-up', party.auth.issuer), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${access_token}` },
    body: JSON.stringify({ password: goodPassword }),
  })
  const answer = await party.endpoints(request, '192.0.2.1')
  const stepped = JSON.parse(String(await answer?.text())).access_token
  assert.equal(claimsIn(stepped).scope, 'openid email items:read')
})

test('the token of a third party stands for the permissions in its scope, and not for its user (OP-40)', async () => {
  const guards = createGuards(party.auth)
  const browser = await party.browser('alice')
  const refuses = async (token: string): Promise<readonly string[]> => {
    const request = { headers: { authorization: `Bearer ${token}` } }
    const asked = {
      activeUser: guards.activeUser,
      userEvenIfInactive: guards.userEvenIfInactive,
      role: guards.requireRole('admin', 'member'),
      recentLogin: guards.requireRecentLogin(),
      caller: guards.currentCaller,
      permission: guards.requirePermission('items:read'),
      callerWithPermission: guards.requireCaller('items:read'),
    }
    const refused: string[] = []
    for (const [name, guard] of Object.entries(asked)) {
      await Promise.resolve(guard(request)).catch((error: { statusCode?: unknown }) => {
        assert.equal(error.statusCode, 403)
        refused.push(name)
      })
    }
    return refused
  }
  const scopes = ['openid', 'items:read']
  const own = await party.tokens({ browser, client: 'spa', scopes })
  assert.deepEqual(await refuses(own.access_token), [])
  const foreign = await party.tokens({ browser, client: 'web', scopes })
  const forUsers = ['activeUser', 'userEvenIfInactive', 'role', 'recentLogin', 'caller']
  assert.deepEqual(await refuses(foreign.access_token), forUsers)
  const bare = await party.tokens({ browser, client: 'web', scopes: ['openid'] })
  assert.deepEqual(await refuses(bare.access_token), [
    ...forUsers,
    ...['permission', 'callerWithPermission'],
  ])
  assert.equal((await party.userinfo(bare.access_token)).status, 200)
})
