// What a passkey must fit to, each rule broken by itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryEngine, type Site } from '../accounts/site.ts'
import { assertProblem } from '../fixtures.ts'
import { type Altered, type Cbor, makeAuthenticator } from './authenticator.ts'
import { errorOf, mfaToken } from './device.ts'
import {
  add,
  asked,
  type Challenge,
  creation,
  holder,
  logInByPasskey,
  showAlone,
  showSecond,
  withPasskeys,
} from './passkey-user.ts'

/** What neither a login nor a new passkey may say. */
const wrong: Readonly<Record<string, Altered>> = {
  'another origin': { origin: 'https://evil.example.test' },
  'another port': { origin: 'https://auth.example.test:8443' },
  'another scheme': { origin: 'http://auth.example.test' },
  'an origin below': { origin: 'https://x.auth.example.test' },
  'an origin with a slash': { origin: 'https://auth.example.test/' },
  'another challenge': { challenge: Buffer.alloc(32).toString('base64url') },
  'another RP ID': { rpId: 'example.test' },
  'a frame of another origin': { clientData: { crossOrigin: true } },
  'a frame that names its page': { clientData: { topOrigin: 'https://evil.example.test' } },
  'a user who was not there': { present: false },
  'backed up and not eligible': { eligible: false, backedUp: true },
  'another id': { id: Buffer.alloc(32, 7).toString('base64url') },
}

const stepUp = async (site: Site, token: string, challenge: Challenge, credential: object) =>
  await site.call(
    'POST',
    '/auth/step-up',
    { challenge_id: challenge.challenge_id, credential },
    { token },
  )

const reasonsOf = async (site: Site, userId: string) =>
  (await site.auth.events.list({ userId, type: 'factor_fail' })).map(({ reason }) => reason)

onEveryEngine((open) => {
  test('a login by a passkey is refused for each rule that it breaks (AC-98, AC-99, AC-101)', async () => {
    const site = await open(withPasskeys)
    const { key, userId } = await holder(site, 'alice')
    const answers = new Set<string>()
    const all = {
      ...wrong,
      'another type': { type: 'webauthn.create' },
      'another signature': { flipped: true },
      'another user handle': { userHandle: Buffer.alloc(32, 1).toString('base64url') },
      'no user handle': { userHandle: null },
      'eligible meanwhile': { eligible: true },
    }
    for (const [why, altered] of Object.entries(all)) {
      const refused = await logInByPasskey(site, key, altered)
      assert.equal(errorOf(refused), '400 invalid_grant', why)
      answers.add(refused.body)
      // One that is right ends the wait of the wrong ones.
      assert.equal((await logInByPasskey(site, key)).statusCode, 200, why)
    }
    assert.equal(answers.size, 1)
    const reasons = await reasonsOf(site, userId)
    assert.deepEqual([...new Set(reasons)].sort(), [
      ...['a passkey that was made for another user', 'the challenge is another one'],
      ...['the client data is of another type', 'the page is of another origin'],
      'the page was in a frame of another origin',
      'the passkey is backed up, and says that it cannot be',
      ...['the passkey is of another site', 'the signature is not right'],
      ...['the user was not present', 'whether the passkey may be backed up has changed'],
    ])
    const unknown = await site.auth.events.list({ type: 'authn_login_fail' })
    assert.deepEqual(unknown.map(({ reason, userId: of }) => [reason, of]).reverse(), [
      ['a passkey that is not known here', undefined],
      ['no user handle', userId],
    ])
  })

  test('a new passkey is refused for each rule that it breaks (AC-98, AC-99, AC-101)', async () => {
    const site = await open(withPasskeys)
    await site.user('alice')
    const token = await site.login('alice')
    const all: Readonly<Record<string, Altered>> = {
      ...wrong,
      'a key that is none': { cose: new Map([[3, -7]]) },
      'another type': { type: 'webauthn.get' },
    }
    for (const [why, altered] of Object.entries(all)) {
      const challenge = await creation(site, token)
      const credential = makeAuthenticator().create(challenge.public_key, altered)
      const refused = await add(site, token, challenge, credential)
      assert.equal(`${why}: ${refused.statusCode}`, `${why}: 422`)
      assertProblem(refused, 422, /cannot be used here/)
      // The challenge is good still.
      if (why === 'another type') {
        const right = makeAuthenticator().create(challenge.public_key)
        assert.equal((await add(site, token, challenge, right)).statusCode, 201)
      }
    }
    const { factors } = (await site.call('GET', '/me/factors', undefined, { token })).json()
    assert.equal(factors.length, 1)
  })

  test('a statement about the make is not looked at: what it says is as none (AC-108)', async () => {
    const site = await open(withPasskeys)
    for (const [index, format] of ['packed', 'tpm', 'fido-u2f', 'android-key', 'x'].entries()) {
      const name = `alice${index}`
      await site.user(name)
      const token = await site.login(name)
      const challenge = await creation(site, token)
      const key = makeAuthenticator()
      const statement = new Map<string, Cbor>([
        ['alg', -7],
        ['sig', Buffer.alloc(70)],
        ['x5c', [Buffer.alloc(900)]],
      ])
      const credential = key.create(challenge.public_key, { format, statement })
      assert.equal((await add(site, token, challenge, credential)).statusCode, 201, format)
      assert.equal((await logInByPasskey(site, key)).statusCode, 200, format)
    }
    await site.user('root')
    const { public_key } = await creation(site, await site.login('root'))
    assert.equal(public_key.attestation, 'none')
  })

  test('a challenge is good once, 5 minutes, and for its purpose, user and login alone (AC-97)', async () => {
    const site = await open(withPasskeys)
    const [alice, bob] = [await holder(site, 'alice'), await holder(site, 'bob')]
    const strong = async (key = alice.key) =>
      (await logInByPasskey(site, key)).json().access_token as string
    const [one, two, ofBob] = [await strong(), await strong(), await strong(bob.key)]
    const [mfa, another] = [await mfaToken(site, 'alice'), await mfaToken(site, 'alice')]
    const challenges = {
      login: await asked(site),
      'step-up': await asked(site, one),
      'step-up elsewhere': await asked(site, two),
      'step-up of another': await asked(site, ofBob),
      mfa: await asked(site, mfa),
      'mfa of another login': await asked(site, another),
      enrol: await creation(site, one),
    }
    const bytes = Object.values(challenges).map(({ public_key }) => public_key.challenge)
    assert.equal(new Set(bytes).size, bytes.length)
    for (const each of bytes) assert.equal(Buffer.from(each, 'base64url').length, 32)
    for (const [name, challenge] of Object.entries(challenges)) {
      const signed = () => alice.key.get(challenge.public_key)
      const made = () => makeAuthenticator().create(challenge.public_key)
      const status = {
        login: name === 'login' || errorOf(await showAlone(site, challenge, signed())),
        'step-up': name === 'step-up' || (await stepUp(site, one, challenge, signed())).statusCode,
        mfa: name === 'mfa' || errorOf(await showSecond(site, mfa, challenge, signed())),
        enrol: name === 'enrol' || (await add(site, one, challenge, made())).statusCode,
      }
      const expected = { login: '400 invalid_grant', 'step-up': 422, enrol: 410 }
      // The fifth wrong try ends the login.
      const ofMfa = ['400 invalid_grant', '400 expired_token']
      assert.ok(status.mfa === true || ofMfa.includes(status.mfa), name)
      const own = name in status ? { [name]: true } : {}
      assert.deepEqual({ ...status, mfa: null }, { ...expected, ...own, mfa: null }, name)
      // A right one ends the wait of the wrong ones.
      assert.equal((await logInByPasskey(site, alice.key)).statusCode, 200)
    }
    const { login } = challenges
    assert.equal((await showAlone(site, login, alice.key.get(login.public_key))).statusCode, 200)
    const again = await showAlone(site, login, alice.key.get(login.public_key))
    assert.equal(errorOf(again), '400 invalid_grant')
    const late = await asked(site)
    site.clock.advance(300)
    assert.equal(
      errorOf(await showAlone(site, late, alice.key.get(late.public_key))),
      '400 invalid_grant',
    )
    const intime = await asked(site)
    site.clock.advance(299)
    assert.equal((await showAlone(site, intime, alice.key.get(intime.public_key))).statusCode, 200)
  })

  test('of 50 who show one credential at the same time, on two processes, one gets in (AC-97)', async () => {
    const site = await open(withPasskeys)
    const twin = await site.twin()
    const { key, userId } = await holder(site, 'alice', { counts: false, synced: true })
    const before = (await site.auth.sessions.list(userId)).length
    const challenge = await asked(site)
    const credential = key.get(challenge.public_key)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        showAlone(index % 2 ? site : twin, challenge, credential),
      ),
    )
    const passed = answers.filter(({ statusCode }) => statusCode === 200)
    assert.equal(passed.length, 1)
    assert.equal((await site.auth.sessions.list(userId)).length, before + 1)
  })

  test('challenges of strangers and wrong credentials store no challenge, and name no user (AC-97, AC-107)', async () => {
    const site = await open(withPasskeys)
    const { key } = await holder(site, 'alice')
    const before = (await site.dump()).one_time_tokens?.length
    const challenges = await Promise.all(Array.from({ length: 20 }, () => asked(site)))
    for (const { public_key, challenge_id } of challenges) {
      assert.deepEqual(Object.keys(public_key).sort(), [
        ...['challenge', 'rpId', 'timeout', 'userVerification'],
      ])
      assert.equal(public_key.rpId, 'auth.example.test')
      await showAlone(site, { challenge_id }, makeAuthenticator().get(public_key))
    }
    assert.equal((await site.dump()).one_time_tokens?.length, before)
    assert.equal((await logInByPasskey(site, key)).statusCode, 200)
    assert.equal((await site.dump()).one_time_tokens?.length, (before ?? 0) + 1)
  })

  test('the counter of a device must grow, zero stays zero, and a synced one that goes back is an event (AC-102)', async () => {
    const site = await open(withPasskeys)
    const device = await holder(site, 'alice')
    const status = async (key: typeof device.key, counter: number) =>
      (await logInByPasskey(site, key, { counter })).statusCode
    assert.equal(await status(device.key, 10), 200)
    for (const counter of [10, 9, 1, 0]) assert.equal(await status(device.key, counter), 400)
    assert.deepEqual(
      [...new Set(await reasonsOf(site, device.userId))],
      ['the counter went back: it may be a copy'],
    )
    assert.equal(await status(device.key, 11), 200)
    assert.equal(await status(device.key, 2 ** 32 - 1), 200)
    const none = await holder(site, 'bob', { counts: false })
    for (const counter of [0, 0]) assert.equal(await status(none.key, counter), 200)
    const synced = await holder(site, 'carol', { synced: true })
    for (const counter of [10, 3, 3, 0]) assert.equal(await status(synced.key, counter), 200)
    const { userId } = synced
    const events = await site.auth.events.list({ userId, type: 'passkey_counter_back' })
    assert.deepEqual(events.map(({ details }) => details).reverse(), [
      { before: 10, counter: 3 },
      { before: 3, counter: 3 },
      { before: 3, counter: 0 },
    ])
  })

  test('whether a passkey is backed up is kept, as it says last (AC-101)', async () => {
    const site = await open(withPasskeys)
    const { key, userId } = await holder(site, 'alice', { synced: true })
    for (const backedUp of [false, true]) {
      assert.equal((await logInByPasskey(site, key, { backedUp })).statusCode, 200)
      const [factor] = (await site.auth.factors?.list(userId)) ?? []
      assert.equal(factor?.synced, backedUp)
    }
  })

  test('a credential is known once, everywhere (AC-103)', async () => {
    const site = await open(withPasskeys)
    const { key, userId } = await holder(site, 'alice')
    await site.user('bob')
    const own = (await logInByPasskey(site, key)).json().access_token
    for (const token of [await site.login('bob'), own]) {
      const challenge = await creation(site, token)
      const again = await add(site, token, challenge, key.create(challenge.public_key))
      assertProblem(again, 409, /known here already/)
    }
    const { public_key } = await creation(site, own)
    assert.deepEqual(
      public_key.excludeCredentials?.map(({ id }) => id),
      [key.id],
    )
    const answer = await logInByPasskey(site, key, { userHandle: null })
    assert.equal(errorOf(answer), '400 invalid_grant')
    assert.equal((await site.auth.factors?.list(userId))?.length, 1)
  })

  test('the user handle is opaque, and a passkey of another user completes no login (AC-104)', async () => {
    const site = await open(withPasskeys)
    const [alice, bob] = [await holder(site, 'alice'), await holder(site, 'bob')]
    const token = (await logInByPasskey(site, alice.key)).json().access_token
    const { public_key } = await creation(site, token)
    const handle = public_key.user?.id ?? ''
    assert.match(handle, /^[\w-]{43}$/)
    assert.ok(!Buffer.from(handle, 'base64url').includes(alice.userId))
    const again = await creation(site, token)
    assert.equal(again.public_key.user?.id, handle)
    const mfa = await mfaToken(site, 'alice')
    for (const userHandle of [undefined, null, handle]) {
      const challenge = await asked(site, mfa)
      const credential = bob.key.get(challenge.public_key, {
        ...(userHandle !== undefined && { userHandle }),
      })
      assert.equal(errorOf(await showSecond(site, mfa, challenge, credential)), '400 invalid_grant')
    }
    const challenge = await asked(site, mfa)
    // Her own under the handle of somebody else.
    const bobs = (await logInByPasskey(site, bob.key)).json().access_token
    const userHandle = (await creation(site, bobs)).public_key.user?.id ?? ''
    const other = alice.key.get(challenge.public_key, { userHandle })
    assert.equal(errorOf(await showSecond(site, mfa, challenge, other)), '400 invalid_grant')
    const right = alice.key.get(challenge.public_key)
    assert.equal((await showSecond(site, mfa, challenge, right)).statusCode, 200)
    assert.equal(errorOf(await showSecond(site, mfa, challenge, right)), '400 expired_token')
  })

  test('wrong passkeys count with wrong codes, and are waited for (AC-66)', async () => {
    const site = await open(withPasskeys)
    const { key } = await holder(site, 'alice')
    const statuses: number[] = []
    for (let each = 0; each < 7; each++) {
      statuses.push((await logInByPasskey(site, key, { flipped: true })).statusCode)
    }
    assert.deepEqual(statuses.slice(0, 6), [400, 400, 400, 400, 400, 400])
    assert.equal(statuses[6], 429)
    assert.equal((await logInByPasskey(site, key)).statusCode, 429)
    site.clock.advance(3600)
    assert.equal((await logInByPasskey(site, key)).statusCode, 200)
  })
})
