import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import { AuthClientError } from '../../src/client/client-error.ts'
import { createClient } from '../../src/client/create-client.ts'
import type { PasskeyChallenge, ShownPasskey } from '../../src/client/second-factor.ts'
import { secured } from '../../src/fastify/secured.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { goodPassword } from '../fixtures.ts'
import { type Altered, makeAuthenticator } from '../server/factors/authenticator.ts'
import { type RunningServer, startServer } from './server.ts'

const issuer = 'http://localhost:8000'
const key = makeAuthenticator({ origin: issuer })

let server: RunningServer
before(async () => {
  server = await startServer(
    (app, auth) => {
      const guard = createGuards(auth).requireFactor('phishing-resistant')
      app.get(
        '/strong',
        secured(guard, () => 'strong'),
      )
      app.get(
        '/recent',
        secured(createGuards(auth).requireRecentLogin(), () => 'recent'),
      )
    },
    { issuer, factors: { passkeys: true } },
  )
  const { users, sessions, factors } = server.auth
  const { id: userId } = (await users.findByUsername('alice')) ?? assert.fail()
  const user = (await users.findByUsername('alice')) ?? assert.fail()
  const opened = await sessions.open(user, { clientId: 'first-party', scopes: [] })
  const sessionId = opened?.session.id ?? ''
  const passkeys = factors?.passkeys ?? assert.fail()
  const { challengeId, publicKey } = await passkeys.begin({ userId, sessionId })
  await passkeys.add({ userId, sessionId, challengeId, credential: key.create(publicKey) })
})
after(() => server.close())

/** As the browser answers. */
const show = ({ challengeId, publicKey }: PasskeyChallenge, altered?: Altered): ShownPasskey => ({
  challengeId,
  credential: key.get(publicKey, altered),
})

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof AuthClientError && error.code === code

test('a passkey logs in without a password', async () => {
  const client = createClient({ url: server.url })
  const challenge = await client.passkeyChallenge('login')
  // What `startAuthentication` takes.
  const options: PublicKeyCredentialRequestOptionsJSON = challenge.publicKey
  assert.equal(options.userVerification, 'required')
  assert.equal(options.allowCredentials, undefined)
  await client.loginWithPasskey(show(challenge))
  assert.equal(client.isLoggedIn(), true)
  assert.equal((await client.fetch('/strong')).status, 200)
  const none = client.loginWithPasskey(show(await client.passkeyChallenge('login')), {
    scope: 'nothing:here',
  })
  await assert.rejects(none, hasCode('refused'))
  assert.equal(client.isLoggedIn(), true)
})

test('a passkey that is wrong, or was shown before, is refused in words', async () => {
  const client = createClient({ url: server.url })
  const shown = show(await client.passkeyChallenge('login'))
  await client.loginWithPasskey(shown)
  await client.logout()
  await assert.rejects(client.loginWithPasskey(shown), (error: unknown) => {
    assert.ok(hasCode('invalid_credentials')(error))
    assert.equal((error as Error).message, 'The passkey was not accepted.')
    return true
  })
  const flipped = show(await client.passkeyChallenge('login'), { flipped: true })
  await assert.rejects(client.loginWithPasskey(flipped), hasCode('invalid_credentials'))
  assert.equal(client.isLoggedIn(), false)
})

test('a passkey that has not verified its user is a second factor alone', async () => {
  const client = createClient({ url: server.url })
  const shown = show(await client.passkeyChallenge('login'), { verified: false })
  await assert.rejects(client.loginWithPasskey(shown), hasCode('second_factor_needed'))
})

test('a passkey is the second factor of a login, and is asked for until it is right', async () => {
  const asked: { kinds: readonly string[]; failed: boolean }[] = []
  const client = createClient({
    url: server.url,
    async onSecondFactor({ kinds, failed, challenge }) {
      asked.push({ kinds, failed })
      const { challengeId, publicKey } = await challenge()
      assert.deepEqual(
        publicKey.allowCredentials?.map(({ id }) => id),
        [key.id],
      )
      return show({ challengeId, publicKey }, { flipped: !failed })
    },
  })
  await client.login('alice', goodPassword)
  const kinds = ['webauthn', 'recovery-code']
  assert.deepEqual(asked, [
    { kinds, failed: false },
    { kinds, failed: true },
  ])
  assert.equal((await client.fetch('/strong')).status, 200)
})

test('a step-up shows a passkey, and a wrong one leaves the tokens as they were', async () => {
  const client = createClient({
    url: server.url,
    async onStepUp() {
      await client.stepUp(show(await client.passkeyChallenge('step-up')))
    },
  })
  await assert.rejects(client.passkeyChallenge('step-up'), hasCode('session_ended'))
  await client.loginWithPasskey(show(await client.passkeyChallenge('login')))
  server.clock.advance(330)
  const wrong = show(await client.passkeyChallenge('step-up'), { flipped: true })
  await assert.rejects(client.stepUp(wrong), hasCode('invalid_credentials'))
  assert.equal((await client.fetch('/recent')).status, 200)
})

test('an option that is not known is refused, and a server without passkeys says so', async () => {
  const client = createClient({ url: server.url })
  const shown = show(await client.passkeyChallenge('login'))
  await assert.rejects(client.loginWithPasskey(shown, { scopes: '' } as never), TypeError)
  const plain = await startServer()
  try {
    const other = createClient({ url: plain.url })
    await assert.rejects(other.passkeyChallenge('login'), hasCode('refused'))
  } finally {
    await plain.close()
  }
})

test('an answer that is no challenge is not taken for one', async () => {
  const fetch = async (): Promise<Response> => new Response('hello')
  const client = createClient({ url: server.url, fetch })
  await assert.rejects(client.passkeyChallenge('login'), hasCode('unavailable'))
})
