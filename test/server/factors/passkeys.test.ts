// Passkeys over HTTP: made, shown, and what they are worth.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { onEveryEngine, type Site } from '../accounts/site.ts'
import { assertProblem } from '../fixtures.ts'
import { type Algorithm, type Authenticator, makeAuthenticator } from './authenticator.ts'
import {
  begin,
  claimsOf,
  confirm,
  enrol,
  errorOf,
  grant,
  logInWithBoth,
  mfaToken,
  password,
  showRecovery,
} from './device.ts'
import {
  add,
  addPasskey,
  asked,
  creation,
  holder,
  logInByPasskey,
  passkeyGrant,
  showAlone,
  showSecond,
  withPasskeys,
} from './passkey-user.ts'

const me = (site: Site, token: string) => site.call('GET', '/me', undefined, { token })
const list = async (site: Site, token: string) =>
  (await site.call('GET', '/me/factors', undefined, { token })).json()

/** The token of the same session after the passkey was shown in it. */
const stepUp = async (site: Site, token: string, key: Authenticator): Promise<string> => {
  const { challenge_id, public_key } = await asked(site, token)
  const body = { challenge_id, credential: key.get(public_key) }
  return (await site.call('POST', '/auth/step-up', body, { token })).json().access_token
}

onEveryEngine((open) => {
  test('a passkey is a login of its own, with two factors, for each algorithm (AC-100)', async () => {
    const site = await open(withPasskeys)
    for (const [index, algorithm] of (['ES256', 'EdDSA', 'RS256'] as Algorithm[]).entries()) {
      const synced = index === 1
      const { key, userId } = await holder(site, `alice${index}`, { algorithm, synced })
      const answer = await logInByPasskey(site, key)
      assert.equal(answer.statusCode, 200, answer.body)
      const { sub, acr, amr, auth_time } = claimsOf(answer.json().access_token)
      assert.deepEqual([sub, acr, auth_time], [userId, 'phr', site.clock()])
      assert.deepEqual(amr, [synced ? 'swk' : 'hwk', 'user', 'mfa'])
      assert.equal((await me(site, answer.json().access_token)).statusCode, 200)
      const refreshed = answer.json().refresh_token
      assert.equal(typeof refreshed, 'string')
    }
  })

  test('the first passkey ends all other sessions, brings codes, and is told by mail (AC-82)', async () => {
    const site = await open(withPasskeys)
    const twin = await site.twin()
    const userId = await site.user('alice')
    const [other, token] = [await site.login('alice'), await site.login('alice')]
    for (const at of [site, twin]) assert.equal((await me(at, other)).statusCode, 200)
    const key = makeAuthenticator({ synced: true })
    const challenge = await creation(site, token)
    assert.deepEqual(Object.keys(challenge.public_key).sort(), [
      ...['attestation', 'authenticatorSelection', 'challenge', 'excludeCredentials'],
      ...['pubKeyCredParams', 'rp', 'timeout', 'user'],
    ])
    const added = await add(site, token, challenge, key.create(challenge.public_key), 'laptop')
    assert.equal(added.statusCode, 201, added.body)
    const { id, recovery_codes, ...rest } = added.json()
    assert.deepEqual(rest, {
      ...{ kind: 'passkey', name: 'laptop', synced: true },
      ...{ created_at: site.clock(), last_used_at: null },
    })
    assert.equal(recovery_codes.length, 8)
    for (const at of [site, twin]) {
      assertProblem(await me(at, other), 401)
      assert.equal((await me(at, token)).statusCode, 200)
    }
    const [session] = await site.auth.sessions.list(userId)
    assert.deepEqual([session?.acr, session?.amr], ['phr', ['pwd', 'swk', 'user', 'mfa']])
    assert.ok((await site.sent()).some(({ kind }) => kind === 'factor_added'))
    const [event] = await site.auth.events.list({ userId, type: 'factor_added' })
    assert.deepEqual(event?.details, { kind: 'passkey', first: true })
    const login = await showRecovery(site, await mfaToken(site, 'alice'), recovery_codes[0])
    assert.equal(login.statusCode, 200)
    const listed = await list(site, login.json().access_token)
    assert.deepEqual(listed.factors, [{ id, ...rest }])
    assert.equal(listed.recovery_codes_left, 7)
  })

  test('after the password a passkey is the second factor, with and without verification (AC-100)', async () => {
    const site = await open(withPasskeys)
    for (const [name, verifies, acr] of [
      ['alice', true, 'phr'],
      ['bob', false, '2fa'],
    ] as const) {
      const { key, userId } = await holder(site, name, { verifies })
      const first = await password(site, name)
      assert.equal(errorOf(first), '403 mfa_required')
      const { mfa_token: token, mfa_requirements } = first.json()
      assert.deepEqual(mfa_requirements, {
        challenge: [{ type: 'webauthn' }, { type: 'recovery-code' }],
      })
      const challenge = await asked(site, token)
      const { allowCredentials } = challenge.public_key
      assert.deepEqual(allowCredentials, [
        { type: 'public-key', id: key.id, transports: ['internal'] },
      ])
      // Keys that are not discoverable return no handle.
      const credential = key.get(challenge.public_key, { userHandle: null })
      const answer = await showSecond(site, token, challenge, credential)
      assert.equal(answer.statusCode, 200, answer.body)
      const claims = claimsOf(answer.json().access_token)
      assert.deepEqual([claims.sub, claims.acr], [userId, acr])
      assert.deepEqual(claims.amr, ['pwd', 'hwk', 'user', 'mfa'])
    }
  })

  test('a passkey that has not verified its user is one factor, and opens nothing alone (AC-100)', async () => {
    const site = await open(withPasskeys)
    const { key, userId } = await holder(site, 'alice', { verifies: false })
    const before = await site.auth.sessions.list(userId)
    const refused = await logInByPasskey(site, key)
    assert.equal(errorOf(refused), '403 mfa_required')
    assert.equal(refused.json().mfa_token, undefined)
    assert.deepEqual(await site.auth.sessions.list(userId), before)
    const verified = await logInByPasskey(site, key, { verified: true })
    assert.equal(claimsOf(verified.json().access_token).acr, 'phr')
  })

  test('passkeys that nobody has count for their source, as wrong passwords do, and its user gets in', async () => {
    const site = await open(withPasskeys)
    const { key } = await holder(site, 'alice')
    const from = '192.0.2.7'
    const show = async (shown: typeof key) => {
      const challenge = await asked(site)
      const credential = JSON.stringify(shown.get(challenge.public_key))
      const { challenge_id } = challenge
      return await grant(site, { grant_type: passkeyGrant, challenge_id, credential }, from)
    }
    assert.equal((await show(key)).statusCode, 200)
    const stranger = () => show(makeAuthenticator())
    for (let each = 0; each < 50; each++) {
      assert.equal(errorOf(await stranger()), '400 invalid_grant')
    }
    await stranger()
    for (const { statusCode, headers } of await Promise.all([1, 2, 3, 4].map(stranger))) {
      assert.equal(statusCode, 429)
      assert.match(String(headers['retry-after']), /^[1-9]\d*$/)
    }
    assert.equal((await site.auth.events.list({ type: 'authn_login_fail', limit: 99 })).length, 51)
    assert.equal((await show(key)).statusCode, 200)
  })

  test('a step-up by a passkey raises its session, and the guard of phishing resistance knows it (AC-93)', async () => {
    const site = await open(withPasskeys)
    const { device } = await enrol(site, 'alice')
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const key = makeAuthenticator({ verifies: false })
    const creating = await creation(site, token)
    const added = await add(site, token, creating, key.create(creating.public_key))
    assert.equal(added.statusCode, 201, added.body)
    assert.equal(added.json().recovery_codes, undefined)
    site.clock.advance(10)
    const stepUp = async (altered = {}) => {
      const challenge = await asked(site, token)
      const { challenge_id, public_key } = challenge
      const credential = key.get(public_key, altered)
      return await site.call('POST', '/auth/step-up', { challenge_id, credential }, { token })
    }
    const weak = await stepUp()
    assert.equal(weak.statusCode, 200, weak.body)
    assert.equal(claimsOf(weak.json().access_token).acr, '2fa')
    const strong = await stepUp({ verified: true })
    const { acr, amr, auth_time } = claimsOf(strong.json().access_token)
    assert.deepEqual([acr, auth_time], ['phr', site.clock()])
    assert.deepEqual(amr, ['pwd', 'otp', 'mfa', 'hwk', 'user'])
    assertProblem(await stepUp({ flipped: true }), 422, /not accepted/)
    for (const body of [{ challenge_id: 'v1.x' }, { credential: {} }, { credential: 'x' }]) {
      assertProblem(await site.call('POST', '/auth/step-up', body, { token }), 400)
    }
    const both = await password(site, 'alice')
    const types = both.json().mfa_requirements.challenge
    assert.deepEqual(types, [{ type: 'otp' }, { type: 'webauthn' }, { type: 'recovery-code' }])
  })

  test('a role that demands a factor is satisfied by a passkey in the login itself, once (AC-85, AC-109)', async () => {
    const site = await open({ auth: { factors: { passkeys: true, required: ['admin'] } } })
    const twin = await site.twin()
    await site.user('root', { role: 'admin' })
    const login = await password(site, 'root', { scope: 'users:read' })
    const { mfa_token: token, mfa_requirements } = login.json()
    assert.deepEqual(mfa_requirements, { enroll: [{ type: 'otp' }, { type: 'webauthn' }] })
    assertProblem(await site.call('POST', '/auth/passkeys/challenge', undefined, { token }), 401)
    const key = makeAuthenticator()
    const challenges = await Promise.all(Array.from({ length: 6 }, () => creation(site, token)))
    const answers = await Promise.all(
      challenges.map((each, index) =>
        add(index % 2 ? site : twin, token, each, makeAuthenticator().create(each.public_key)),
      ),
    )
    const [added, ...others] = answers.filter(({ statusCode }) => statusCode === 201)
    assert.deepEqual(others, [])
    // The login has ended, or, for one that came in between, the challenge of a first factor.
    const refused = answers.filter(({ statusCode }) => [401, 410].includes(statusCode))
    assert.equal(refused.length, 5)
    const { access_token, recovery_codes, scope } = added?.json() ?? {}
    assert.deepEqual([recovery_codes.length, scope], [8, 'users:read'])
    const { acr, amr } = claimsOf(access_token)
    assert.deepEqual([acr, amr], ['phr', ['pwd', 'hwk', 'user', 'mfa']])
    const [again] = challenges
    if (again) assertProblem(await add(site, token, again, key.create(again.public_key)), 401)
    assertProblem(
      await site.call('POST', '/me/factors/passkeys/challenge', undefined, { token }),
      401,
    )
  })

  test('a passkey is renamed and removed by its user, and by nobody else (AC-105)', async () => {
    const site = await open(withPasskeys)
    const alice = await holder(site, 'alice')
    const bob = await holder(site, 'bob')
    const url = `/me/factors/${alice.factorId}`
    for (const [method, body] of [['PATCH', { name: 'mine' }] as const, ['DELETE'] as const]) {
      assertProblem(await site.call(method, url, body, { token: bob.token }), 401)
      const strong = (await logInByPasskey(site, bob.key)).json().access_token
      assertProblem(await site.call(method, url, body, { token: strong }), 404)
    }
    const token = (await logInByPasskey(site, alice.key)).json().access_token
    const renamed = await site.call('PATCH', url, { name: 'desk' }, { token })
    assert.deepEqual([renamed.json().name, renamed.json().last_used_at], ['desk', site.clock()])
    assert.equal((await site.call('DELETE', url, undefined, { token })).statusCode, 204)
    assert.equal(errorOf(await logInByPasskey(site, alice.key)), '400 invalid_grant')
    assert.equal((await password(site, 'alice')).statusCode, 200)
  })

  test('to make a passkey needs a recent login with a factor that is there (AC-70)', async () => {
    const site = await open(withPasskeys)
    const { token, key } = await holder(site, 'alice')
    const begin = (bearer: string) =>
      site.call('POST', '/me/factors/passkeys/challenge', undefined, { token: bearer })
    assertProblem(await begin(token), 401, 'A second factor is needed')
    const strong = (await logInByPasskey(site, key)).json().access_token
    const challenge = await creation(site, strong)
    const another = makeAuthenticator()
    const credential = another.create(challenge.public_key)
    assertProblem(await add(site, token, challenge, credential), 401)
    site.clock.advance(299)
    assert.equal((await add(site, strong, challenge, credential)).statusCode, 201)
    site.clock.advance(2)
    assertProblem(await begin(strong), 401)
  })

  test('what was begun before the first factor ends with it (AC-70)', async () => {
    const site = await open(withPasskeys)
    const userId = await site.user('alice')
    const token = await site.login('alice')
    const device = await begin(site, token)
    const [key, another] = [makeAuthenticator(), makeAuthenticator()]
    const challenge = await creation(site, token)
    await addPasskey(site, token, key)
    const refused = await confirm(site, token, device, device.code())
    assertProblem(refused, 401, 'A second factor is needed')
    const credential = another.create(challenge.public_key)
    assertProblem(await add(site, token, challenge, credential), 401)
    // The session has shown two since then: what it began before has not.
    const asked = await stepUp(site, token, key)
    assert.equal(claimsOf(asked).sid, claimsOf(token).sid)
    assertProblem(await confirm(site, asked, device, device.code()), 404)
    assertProblem(await add(site, asked, challenge, credential), 410)
    assert.equal((await site.auth.factors?.list(userId))?.length, 1)
    const later = await begin(site, asked)
    site.clock.advance(400)
    // No recent login is needed for that: an app takes its time.
    assert.equal((await confirm(site, asked, later, later.code())).statusCode, 200)
  })

  test('of 20 first factors at once, on two processes, one is added (AC-70)', async () => {
    const site = await open(withPasskeys)
    const twin = await site.twin()
    const userId = await site.user('alice')
    const token = await site.login('alice')
    const device = await begin(site, token)
    const challenges = await Promise.all(Array.from({ length: 19 }, () => creation(site, token)))
    const answers = await Promise.all([
      ...challenges.map((challenge, index) =>
        add(
          index % 2 ? twin : site,
          token,
          challenge,
          makeAuthenticator({ algorithm: 'EdDSA' }).create(challenge.public_key),
        ),
      ),
      confirm(twin, token, device, device.code()),
    ])
    const added = answers.filter(({ statusCode }) => statusCode < 300)
    assert.equal(added.length, 1)
    assert.equal(added[0]?.json().recovery_codes.length, 8)
    for (const { statusCode } of answers.filter((each) => !added.includes(each))) {
      assert.ok([401, 404, 410].includes(statusCode), String(statusCode))
    }
    assert.equal((await site.auth.factors?.list(userId))?.length, 1)
  })

  test('a session with one factor adds no second one, whatever guard leads there (AC-70)', async () => {
    const site = await open(withPasskeys)
    const { userId, key } = await holder(site, 'alice')
    const strong = (await logInByPasskey(site, key)).json().access_token
    const sessionId = String(claimsOf(strong).sid)
    const { store } = site.auth[internals]
    const found = (await store.sessions.find(sessionId)) ?? assert.fail()
    const session = { ...found, idleSince: 0, generation: undefined }
    // As one that was opened while factors were switched off.
    const weak = { ...session, acr: '1fa', amr: ['pwd'] } as const
    const factors = site.auth.factors ?? assert.fail()
    const own = { userId, sessionId }
    const device = await begin(site, strong)
    const challenge = await creation(site, strong)
    await store.sessions.reauthenticate(weak)
    const confirmation = { ...own, id: device.id, otp: device.code() }
    await assert.rejects(factors.confirmTotp(confirmation), { code: 'factor_needed' })
    const credential = makeAuthenticator().create(challenge.public_key)
    const enrolment = { ...own, challengeId: challenge.challenge_id, credential }
    await assert.rejects(Promise.resolve(factors.passkeys?.add(enrolment)), {
      code: 'factor_needed',
    })
    assert.equal((await factors.list(userId)).length, 1)
    await store.sessions.reauthenticate(session)
    assert.equal((await factors.confirmTotp(confirmation)).recoveryCodes, null)
  })

  test('the last passkey of a user without a password stays (AC-106)', async () => {
    const site = await open(withPasskeys)
    const { userId, key, factorId } = await holder(site, 'alice')
    await site.auth.users.changeRole(userId, 'admin')
    const answer = await logInByPasskey(site, key)
    const token = answer.json().access_token
    const { store } = site.auth[internals]
    await store.users.update(userId, { passwordHash: null })
    const removal = await site.call('DELETE', `/me/factors/${factorId}`, undefined, { token })
    assertProblem(removal, 409, /last passkey/)
    // Nor by what administrators do, for it is their own.
    for (const url of [
      `/admin/users/${userId}/factors/${factorId}`,
      `/admin/users/${userId}/factors`,
    ]) {
      assertProblem(await site.call('DELETE', url, undefined, { token }), 409, /no password/)
    }
    assert.equal((await me(site, token)).statusCode, 200)
    const challenge = await creation(site, token)
    const another = makeAuthenticator()
    await add(site, token, challenge, another.create(challenge.public_key))
    const removed = await site.call('DELETE', `/me/factors/${factorId}`, undefined, { token })
    assert.equal(removed.statusCode, 204)
  })

  test('a passkey raises no session whose newest token may be another’s (AC-82, SR-06)', async () => {
    for (const isRetried of [false, true]) {
      const site = await open(withPasskeys)
      const { device } = await enrol(site, 'alice')
      const copied = await logInWithBoth(site, 'alice', device)
      const refresh = async ({ refresh_token }: { readonly refresh_token: string }) =>
        (await grant(site, { grant_type: 'refresh_token', refresh_token })).json()
      const owners = await refresh(copied)
      site.clock.advance(11)
      const newest = isRetried ? await refresh(copied) : owners
      await addPasskey(site, owners.access_token)
      const { acr } = claimsOf((await refresh(newest)).access_token)
      assert.equal(acr, isRetried ? '2fa' : 'phr')
    }
  })

  test('a refused removal says what would be missing, the factor or the passkey (AC-106)', async () => {
    const site = await open({ auth: { factors: { passkeys: true, required: ['admin'] } } })
    const { userId, key, factorId } = await holder(site, 'alice')
    await site.auth.users.changeRole(userId, 'admin')
    const token = (await logInByPasskey(site, key)).json().access_token
    await site.auth[internals].store.users.update(userId, { passwordHash: null })
    const remove = () => site.call('DELETE', `/me/factors/${factorId}`, undefined, { token })
    assertProblem(await remove(), 409, /demands a second factor/)
    const device = await begin(site, token)
    assert.equal((await confirm(site, token, device, device.code())).statusCode, 200)
    assertProblem(await remove(), 409, /last passkey/)
    await addPasskey(site, token)
    assert.equal((await remove()).statusCode, 204)
  })

  test('a user who is deactivated, suspended or gone logs in by no passkey (AC-83)', async () => {
    const site = await open(withPasskeys)
    const { userId, key } = await holder(site, 'alice')
    const wrong = await logInByPasskey(site, key, { flipped: true })
    const until = site.clock() + 100
    for (const change of [
      () => site.auth.users.suspend(userId, until),
      () => site.auth.users.deactivate(userId),
      () => site.auth.users.remove(userId),
    ]) {
      const challenge = await asked(site)
      await change()
      const refused = await showAlone(site, challenge, key.get(challenge.public_key))
      assert.deepEqual([refused.statusCode, refused.body], [wrong.statusCode, wrong.body])
    }
  })
})
