import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { AuthClientError } from '../../src/client/client-error.ts'
import { createClient } from '../../src/client/create-client.ts'
import type { SecondFactorRequest, ShownFactor } from '../../src/client/second-factor.ts'
import { secured } from '../../src/fastify/secured.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { assertAbsent } from '../canaries.ts'
import { goodPassword } from '../fixtures.ts'
import { type Device, deviceOf } from '../server/factors/device.ts'
import { type RunningServer, startServer } from './server.ts'

let server: RunningServer
let device: Device
let codes: readonly string[] = []

before(async () => {
  server = await startServer(
    (app, auth) => {
      app.get(
        '/strong',
        secured(createGuards(auth).requireFactor('any'), () => 'strong'),
      )
      app.get(
        '/recent',
        secured(createGuards(auth).requireRecentLogin(), () => 'recent'),
      )
    },
    { factors: { required: ['admin'] } },
  )
  const { users, sessions, factors } = server.auth
  const alice = (await users.findByUsername('alice')) ?? assert.fail()
  const opened = await sessions.open(alice, { clientId: 'first-party', scopes: [] })
  const begun = (await factors?.beginTotp({ userId: alice.id })) ?? assert.fail()
  device = deviceOf(server, begun)
  const sessionId = opened?.session.id ?? ''
  const otp = device.code()
  const confirmed = await factors?.confirmTotp({ userId: alice.id, id: begun.id, otp, sessionId })
  codes = confirmed?.recoveryCodes ?? []
})
after(() => server.close())
beforeEach(() => server.clock.advance(60))

const isNeeded = (error: unknown): boolean =>
  error instanceof AuthClientError && error.code === 'second_factor_needed'

test('a login asks for the second factor until it is right', async () => {
  const asked: Omit<SecondFactorRequest, 'challenge'>[] = []
  const shown: ShownFactor[] = [{ otp: device.wrong() }, { otp: device.code() }]
  const client = createClient({
    url: server.url,
    async onSecondFactor(request) {
      asked.push({ kinds: request.kinds, failed: request.failed })
      return shown.shift() ?? null
    },
  })
  await client.login('alice', goodPassword)
  const kinds = ['otp', 'recovery-code']
  assert.deepEqual(asked, [
    { kinds, failed: false },
    { kinds, failed: true },
  ])
  assert.equal((await client.fetch('/strong')).status, 200)
})

test('a recovery code will do, and nobody who is asked gives the login up', async () => {
  const [recoveryCode = ''] = codes
  const client = createClient({ url: server.url, onSecondFactor: () => ({ recoveryCode }) })
  await client.login('alice', goodPassword)
  assert.equal(client.isLoggedIn(), true)
  const other = createClient({ url: server.url, onSecondFactor: () => null })
  await assert.rejects(other.login('alice', goodPassword), isNeeded)
  assert.equal(other.isLoggedIn(), false)
})

test('without the option the error says what is needed, and holds no token', async () => {
  const client = createClient({ url: server.url })
  const error = await client.login('alice', goodPassword).catch((reason) => reason)
  assert.ok(isNeeded(error))
  assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /pmt_/)
  assertAbsent(String(error.stack), { password: goodPassword })
  await server.auth.users.create({ username: 'root', password: goodPassword, role: 'admin' })
  const root = await client.login('root', goodPassword).catch((reason) => reason)
  assert.deepEqual([root.code, root.reason], ['second_factor_needed', 'enroll'])
})

test('a step-up shows a code, and the password alone is refused', async () => {
  const client = createClient({
    url: server.url,
    onSecondFactor: () => ({ otp: device.code() }),
    onStepUp: () => client.stepUp({ otp: device.code() }),
  })
  await client.login('alice', goodPassword)
  server.clock.advance(330)
  await assert.rejects(client.stepUp(goodPassword), isNeeded)
  assert.equal((await client.fetch('/recent')).status, 200)
  const error = await client.stepUp({ otp: device.wrong() }).catch((reason) => reason)
  assert.equal(error.code, 'invalid_credentials')
})

test('an option that is no function is refused', () => {
  assert.throws(
    () => createClient({ url: server.url, onSecondFactor: 'ask' as never }),
    /onSecondFactor of createClient must be a function/,
  )
})
