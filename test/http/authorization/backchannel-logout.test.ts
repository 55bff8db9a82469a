// Clients are told of log-outs: which ends of sessions they are told of, what they are sent, and what becomes of
// those that do not take it (OpenID Connect Back-Channel Logout 1.0).

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { internals } from '../../../src/core/internals.ts'
import { storeOf } from '../../core/mail/engines.ts'
import { changePassword, goodPassword } from '../../fixtures.ts'
import { whileRunning } from '../../while-running.ts'
import { claimsIn, createRelyingParty, issuer, type RelyingParty } from './relying-party.ts'
import { startToldClient, tellable } from './told-client.ts'
import { openSite as open, type Site, withoutOffline } from './told-site.ts'

type Ending = (site: Site, login: Awaited<ReturnType<Site['logIn']>>) => Promise<unknown>

/** Ends of a session that its client is told of. */
const toldOf: Readonly<Record<string, Ending>> = {
  'a log-out of the browser': ({ authorization }, { browser }) =>
    authorization.browserSessions.end(browser.session.id),
  'the login of somebody else in the same browser': async (
    { auth, authorization },
    { browser },
  ) => {
    const bob = await auth[internals].store.users.findByUsername('bob')
    const replaces = browser.session.id
    return bob && (await authorization.browserSessions.open(bob, { replaces }))
  },
  'an administrator who ends the session': ({ auth }, { sid }) =>
    auth.sessions.end(sid, { by: { actor: 'user:admin' } }),
  'an application that ends the session by itself': ({ auth }, { sid }) =>
    auth.sessions.end(sid, { by: { actor: 'system' } }),
  'an end that is recorded as the client’s own': ({ auth }, { sid }) =>
    auth.sessions.end(sid, { by: { actor: 'client:spa' } }),
  'a log-out everywhere': ({ auth }, { browser }) => auth.users.endSessions(browser.user.id),
  'a deactivation': ({ auth }, { browser }) => auth.users.deactivate(browser.user.id),
  'a suspension': ({ auth, clock }, { browser }) =>
    auth.users.suspend(browser.user.id, clock() + 1000),
  'a password that an administrator sets': ({ auth }, { browser }) =>
    auth.users.setPassword(browser.user.id, 'another harbor ladle ox'),
  'a password that the user changes': ({ auth }, { browser }) =>
    changePassword(auth, browser.user.id, goodPassword, 'another harbor ladle ox'),
  'the end of the user': ({ auth }, { browser }) => auth.users.remove(browser.user.id),
  'a consent that is withdrawn': ({ authorization }, { browser }) =>
    authorization.consents.withdraw(browser.user.id, 'spa'),
  'a refresh token that is used again': async ({ clock, refresh }, { refreshToken }) => {
    const { refresh_token: next } = (await refresh('spa', refreshToken)).body
    clock.advance(60)
    await refresh('spa', String(next))
    await refresh('spa', refreshToken)
  },
}

/** What is no log-out. */
const notToldOf: Readonly<Record<string, Ending>> = {
  'a client that gives its token back': ({ send }, { refreshToken }) =>
    send('POST', '/auth/revoke', { form: { token: refreshToken, client_id: 'spa' } }),
  'a password change that keeps the session': ({ auth }, { browser, sid }) =>
    changePassword(auth, browser.user.id, goodPassword, 'another harbor ladle ox', sid),
  'another role': ({ auth }, { browser }) => auth.users.changeRole(browser.user.id, 'admin'),
  'a refresh': ({ refresh }, { refreshToken }) => refresh('spa', refreshToken),
  'an end that is refused': ({ auth }, { sid }) => auth.sessions.end(sid, { userId: 'nobody' }),
}

for (const [ending, end] of Object.entries(toldOf)) {
  test(`a client is told of ${ending}, once`, async (t) => {
    const site = await open(t)
    const scopes = ending.includes('refresh') ? undefined : withoutOffline
    const login = await site.logIn(undefined, scopes)
    await end(site, login)
    for (const _ of [1, 2]) assert.deepEqual(await site.told(), [login.sid])
  })
}

for (const [ending, end] of Object.entries(notToldOf)) {
  test(`a client is not told of ${ending}`, async (t) => {
    const site = await open(t)
    await end(site, await site.logIn())
    assert.deepEqual(await site.told(), [])
  })
}

test('a session that outlives the browser session is not told of, until it ends itself', async (t) => {
  const site = await open(t)
  const { sid, browser } = await site.logIn()
  await site.authorization.browserSessions.end(browser.session.id)
  assert.deepEqual(await site.told(), [])
  await site.auth.users.endSessions(browser.user.id)
  assert.deepEqual(await site.told(), [sid])
})

test('a session that makes room for others of its browser is told of to nobody', async (t) => {
  const site = await open(t)
  const browser = await site.browser()
  for (let logins = 0; logins < 6; logins++) await site.logIn(browser, withoutOffline)
  assert.deepEqual(await site.told(), [])
  await site.authorization.browserSessions.end(browser.session.id)
  assert.equal((await site.told()).length, 5)
})

test('a logout token says exactly what it must, and is signed as ID tokens are (OP-77)', async (t) => {
  for (const signingAlgorithm of ['ES256', 'EdDSA', 'RS256', 'PS256'] as const) {
    const { auth, authorization, client, clock, logIn, notices } = await open(t, {
      signingAlgorithm,
    })
    const { sid, browser } = await logIn(undefined, withoutOffline)
    await authorization.browserSessions.end(browser.session.id)
    await notices.sendDue()
    const keys = createLocalJWKSet({ keys: [...auth[internals].keys.publicJwks.keys] })
    const { payload, protectedHeader } = await jwtVerify(client.tokens[0] ?? '', keys, {
      currentDate: new Date(clock() * 1000),
    })
    assert.deepEqual(protectedHeader, {
      ...{ alg: signingAlgorithm, typ: 'logout+jwt' },
      kid: auth[internals].keys.current.id,
    })
    const { jti, ...rest } = payload
    assert.match(String(jti), /^[\da-f-]{36}$/)
    assert.deepEqual(rest, {
      ...{ iss: issuer, aud: 'spa', sub: browser.user.id, sid },
      ...{ iat: clock(), exp: clock() + 120 },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
  }
})

test('a logout token is neither an access token nor a hint, and an ID token is no logout token (OP-33)', async (t) => {
  const { auth, authorization, client, logIn, notices, userinfo } = await open(t)
  const { browser } = await logIn(undefined, withoutOffline)
  await authorization.browserSessions.end(browser.session.id)
  await notices.sendDue()
  const [token = ''] = client.tokens
  assert.equal((await userinfo(token)).status, 401)
  assert.equal(await auth.accessTokens.verify(token), null)
  assert.equal(await authorization.idTokens?.readHint(token), null)
})

test('a client that does not take it is told again, with growing waits and another id, for an hour (OP-77)', async (t) => {
  const { auth, authorization, client, clock, logIn, told } = await open(t)
  const heard: unknown[] = []
  auth.events.subscribe((event) => {
    if (event.type === 'authn_logout_notice_failed') heard.push(event)
  })
  client.answerWith((_, response) => void response.writeHead(500).end())
  const { sid, browser } = await logIn(undefined, withoutOffline)
  await authorization.browserSessions.end(browser.session.id)
  const triedAfter: number[] = []
  for (let second = 0; second < 4000; second += 5) {
    const before = client.tokens.length
    await told()
    if (client.tokens.length > before) triedAfter.push(second)
    clock.advance(5)
  }
  assert.deepEqual(triedAfter, [0, 10, 30, 70, 150, 310, 630, 1270, 2170, 3070])
  assert.equal(new Set(client.tokens.map((token) => claimsIn(token).jti)).size, 10)
  assert.deepEqual(new Set(client.told), new Set([sid]))
  const details = heard.map((event) => (event as { readonly details: unknown }).details)
  assert.deepEqual(
    details,
    triedAfter.map((_, index) => ({ attempts: index + 1, given_up: index === 9 })),
  )
  const { clientId, userId, sessionId, reason, outcome } = heard[0] as Record<string, unknown>
  const about = { clientId: 'spa', userId: browser.user.id, sessionId: sid }
  assert.deepEqual({ clientId, userId, sessionId }, about)
  assert.deepEqual({ reason, outcome }, { reason: 'status_500', outcome: 'failure' })
  // Heard, not stored.
  const stored = await auth.events.list({ type: 'authn_logout_notice_failed' })
  assert.deepEqual(stored, [])
})

test('a client that takes it after a failure is told no more', async (t) => {
  const { authorization, client, clock, logIn, told } = await open(t)
  client.answerWith((_, response) => void response.writeHead(503).end())
  const { sid, browser } = await logIn(undefined, withoutOffline)
  await authorization.browserSessions.end(browser.session.id)
  await told()
  client.answerWith((_, response) => void response.writeHead(204).end())
  for (let tries = 0; tries < 5; tries++) {
    clock.advance(1000)
    await told()
  }
  assert.deepEqual(client.told, [sid, sid])
})

test('no event and no error has a token or the address of a client (OP-79)', async (t) => {
  const { auth, authorization, client, logIn, notices } = await open(t)
  const said: unknown[] = []
  auth.events.subscribe((event) => said.push(JSON.stringify(event)))
  client.answerWith((_, response) => void response.writeHead(500).end())
  const { browser } = await logIn(undefined, withoutOffline)
  const told = Promise.withResolvers<void>()
  const end = whileRunning(t, (signal) =>
    notices.run(signal, (error) => {
      said.push(String(error), JSON.stringify(error))
      told.resolve()
    }),
  )
  await authorization.browserSessions.end(browser.session.id)
  await told.promise
  await end()
  assert.ok(
    said.some((text) => /LogoutNoticeError: The client spa was not told/.test(String(text))),
  )
  for (const text of said) {
    assert.doesNotMatch(String(text), /eyJ|127\.0\.0\.1/)
  }
})

test('a client that hangs holds up neither a log-out nor other clients, and is then left in peace for a while (OP-77)', async (t) => {
  const [hanging, quick] = [await startToldClient(t), await startToldClient(t)]
  hanging.answerWith(() => {})
  const site = await open(t, {
    clients: [tellable('spa', hanging.uri), tellable('other', quick.uri)],
  })
  const { authorization, auth, notices, tokens } = site
  whileRunning(t, (signal) => auth.maintain(signal, { prune: false, onError: () => {} }))
  const logOut = async (): Promise<void> => {
    const browser = await site.browser()
    await tokens({ browser, scopes: withoutOffline })
    await tokens({ browser, client: 'other', scopes: withoutOffline })
    assert.equal(await authorization.browserSessions.end(browser.session.id), true)
  }
  const unanswered = Promise.withResolvers<void>()
  auth.events.subscribe(({ type }) => {
    if (type === 'authn_logout_notice_failed') unanswered.resolve()
  })
  await logOut()
  await hanging.reached(1)
  await logOut()
  await quick.reached(2)
  await unanswered.promise
  const before = hanging.tokens.length
  await logOut()
  await quick.reached(3)
  await notices.sendDue()
  assert.equal(hanging.tokens.length, before)
})

test('the maintenance tells of a log-out as soon as it is stored', async (t) => {
  const { auth, authorization, client, logIn } = await open(t)
  const { sid, browser } = await logIn(undefined, withoutOffline)
  const end = whileRunning(t, (signal) => auth.maintain(signal))
  await authorization.browserSessions.end(browser.session.id)
  await client.reached(1)
  await end()
  assert.deepEqual(client.told, [sid])
})

test('a client that has gone, or wants to be told no more, is left in peace', async (t) => {
  const { auth, authorization, client, told, ...site } = await open(t, { clients: [] })
  const spa = tellable('spa', client.uri)
  await auth.clients.register({ ...spa, confidential: false })
  const logOut = async () => {
    const { browser } = await site.logIn(undefined, withoutOffline)
    await authorization.browserSessions.end(browser.session.id)
  }
  await logOut()
  assert.equal((await told()).length, 1, 'a client of the store is told, too')
  await logOut()
  await auth.clients.update('spa', { backchannelLogoutUri: null })
  assert.equal((await told()).length, 1)
  await auth.clients.update('spa', { backchannelLogoutUri: client.uri })
  await logOut()
  await auth.clients.remove('spa')
  assert.equal((await told()).length, 1)
})

test('the metadata promise it only where it is kept (OP-37)', async (t) => {
  const members = ['backchannel_logout_supported', 'backchannel_logout_session_supported']
  const promises = async ({ send }: RelyingParty) => {
    const { body } = await send('GET', '/.well-known/openid-configuration')
    return members.map((member) => body[member])
  }
  assert.deepEqual(await promises(await open(t)), [true, true])
  const { logoutNotices: _, ...store } = storeOf('memory', '')
  const without = await createRelyingParty({ store })
  assert.deepEqual(await promises(without), [undefined, undefined])
  assert.equal(without.auth[internals].hosted?.logoutNotices, null)
  await without.auth.close()
})

test('where tokens are signed with a secret nobody is told: no client could verify a logout token', async (t) => {
  const secretKey = randomBytes(32).toString('hex')
  const { auth } = await createRelyingParty({ secretKey })
  t.after(() => auth.close())
  assert.equal(auth[internals].hosted?.logoutNotices, null)
})
