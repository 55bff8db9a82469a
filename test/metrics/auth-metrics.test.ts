import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import Fastify from 'fastify'
import { Registry } from 'prom-client'
import type { Auth } from '../../src/core/auth.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { OverloadedError, ThrottledError, UnavailableError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import { createResourceServer } from '../../src/core/issuers/resource-server.ts'
import { mailbox } from '../../src/core/mail/mailbox.ts'
import { createHashPool } from '../../src/core/passwords/hash-pool.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { keycloak } from '../../src/issuers/keycloak.ts'
import { collectMetrics } from '../../src/metrics/auth-metrics.ts'
import { definitions, type MetricName } from '../../src/metrics/definitions.ts'
import { requestMetrics } from '../../src/metrics/request-metrics.ts'
import {
  authenticate,
  cheapHashing,
  createTestAuth,
  createTestClock,
  goodPassword,
} from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { makeKey, sign, startProvider } from '../issuers/provider.ts'

let auth: Auth
let registry: Registry

beforeEach(async () => {
  const pool = createHashPool({ concurrency: 1, maxWaiting: 4 })
  auth = await createTestAuth({
    passwordHash: { ...cheapHashing, pool },
    clock: createTestClock(),
    accounts: { mailer: mailbox(), from: 'no-reply@example.com' },
    ...{ factors: {}, apiKeys: true },
  })
  await auth.users.create({ username: 'alice', password: goodPassword })
  registry = new Registry()
  collectMetrics(auth, registry)
})
afterEach(() => auth.close())

/** The samples of a metric as they are written, without the name. */
async function samplesOf(name: MetricName, of = registry): Promise<string[]> {
  const lines = (await of.metrics()).split('\n')
  return lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length))
}

test('mails that wait are counted, and when the first of them was due', async () => {
  const { outbox } = auth[internals]
  await outbox?.enqueue(outbox.prepare('email_confirmed', { to: 'a@example.com', payload: {} }))
  const text = await registry.metrics()
  assert.match(text, /^portcullis_mails\{state="waiting"\} 1$/m)
  assert.match(text, /^portcullis_mail_oldest_due_seconds \d+$/m)
  await outbox?.sendDue()
  const after = await registry.metrics()
  assert.match(after, /^portcullis_mails\{state="waiting"\} 0$/m)
  assert.doesNotMatch(after, /^portcullis_mail_oldest_due_seconds \d/m)
})

test('the document lists what is registered, and nothing else', async () => {
  await Fastify().register(requestMetrics, { registry })
  const registered = registry.getMetricsAsArray().map((metric) => {
    const { labelNames } = metric as typeof metric & { readonly labelNames: readonly string[] }
    const labels = labelNames.map((label) => `\`${label}\``).join(', ')
    return [metric.name, metric.type, labels, metric.help]
  })
  const listed = Object.entries(definitions).map(([name, { type, labels, help }]) => [
    ...[name, type, labels.map((label) => `\`${label}\``).join(', '), help],
  ])
  assert.deepEqual(registered.sort(), [...listed].sort())
  const rows = listed.map(([name, ...cells]) => `| \`${name}\` | ${cells.join(' | ')} |`)
  const document = readFileSync(join(root, 'docs/metrics.md'), 'utf8')
  const [, table = ''] = /\|---\|---\|---\|---\|\n((?:\|.*\n)+)/.exec(document) ?? []
  assert.equal(table, `${rows.join('\n')}\n`)
})

test('logins are counted by how they ended', async () => {
  await authenticate(auth, 'alice', goodPassword)
  await authenticate(auth, 'nobody', goodPassword)
  for (let failure = 0; failure < 6; failure++) await authenticate(auth, 'bob', 'wrong')
  await assert.rejects(authenticate(auth, 'bob', 'wrong'), ThrottledError)
  assert.deepEqual(await samplesOf('portcullis_logins_total'), [
    '{result="succeeded"} 1',
    '{result="failed"} 7',
    '{result="throttled"} 1',
    '{result="unavailable"} 0',
  ])
  assert.deepEqual(await samplesOf('portcullis_throttled_attempts_total'), [' 1'])
})

test('second factors are counted by kind and by how they ended (AC-66)', async () => {
  const { second, store } = auth[internals]
  const alice = (await store.users.findByUsername('alice')) ?? assert.fail()
  for (let tries = 0; tries < 6; tries++) {
    await second?.verify(alice, { otp: '000000' }, { purpose: 'login' })
  }
  await assert.rejects(
    async () => await second?.verify(alice, { recoveryCode: 'a' }, { purpose: 'login' }),
    ThrottledError,
  )
  assert.deepEqual(await samplesOf('portcullis_second_factors_total'), [
    '{kind="otp",result="succeeded"} 0',
    '{kind="otp",result="failed"} 6',
    '{kind="otp",result="throttled"} 0',
    '{kind="recovery_code",result="succeeded"} 0',
    '{kind="recovery_code",result="failed"} 0',
    '{kind="recovery_code",result="throttled"} 1',
    ...['succeeded', 'failed', 'throttled'].map(
      (result) => `{kind="passkey",result="${result}"} 0`,
    ),
  ])
})

test('API keys are counted by whether they were accepted (AC-113)', async () => {
  const { activeUser } = createGuards(auth)
  const { id: userId } = (await auth.users.findByUsername('alice')) ?? assert.fail()
  const { key } = (await auth.apiKeys?.create({ userId, name: 'a', scopes: [] })) ?? assert.fail()
  for (const text of [key, key, `${key.slice(0, -1)}-`, 'pcat_']) {
    const headers = { authorization: `Bearer ${text}` }
    await Promise.resolve(activeUser({ headers })).catch(() => {})
  }
  assert.deepEqual(await samplesOf('portcullis_api_keys_total'), [
    '{result="accepted"} 2',
    '{result="refused"} 2',
  ])
})

test('authentications of clients, and locks, are counted by how they ended', async () => {
  await auth.clients.register({ id: 'spa', confidential: false })
  const clientSecret = await auth.clients.register({ id: 'api', confidential: true })
  const authenticateAs = (clientId: string, clientSecret: string) =>
    auth.clients.authenticate({ clientId, clientSecret })
  await authenticateAs('api', clientSecret)
  await authenticateAs('spa', '')
  await auth.clients.authenticateConfidential({ clientId: 'api', clientSecret })
  const spa = { clientId: 'spa', clientSecret: '' }
  const refusal = { code: 'invalid_client' }
  await assert.rejects(auth.clients.authenticateConfidential(spa), refusal)
  await assert.rejects(authenticateAs('nobody', ''), refusal)
  for (let times = 0; times < 6; times++) {
    await assert.rejects(authenticateAs('x', 'wrong'), refusal)
  }
  await assert.rejects(authenticateAs('x', 'wrong'), ThrottledError)
  assert.deepEqual(await samplesOf('portcullis_client_authentications_total'), [
    '{result="succeeded"} 3',
    '{result="failed"} 8',
    '{result="throttled"} 1',
  ])
  assert.deepEqual(await samplesOf('portcullis_locks_total'), [' 0'])
})

test('the queue of hashes is measured: what runs, waits, is refused, and for how long (PW-13)', async () => {
  const { pool } = auth[internals].passwords
  const before = await samplesOf('portcullis_hash_wait_seconds')
  const held = Promise.withResolvers<void>()
  const first = pool.run(() => held.promise)
  const second = pool.run(async () => {}, 'a')
  await assert.rejects(
    pool.run(async () => {}, 'a'),
    OverloadedError,
  )
  assert.deepEqual(await samplesOf('portcullis_hash_jobs_running'), [' 1', '_peak 1'])
  assert.deepEqual(await samplesOf('portcullis_hash_jobs_waiting'), [' 1'])
  assert.deepEqual(await samplesOf('portcullis_hash_jobs_refused_total'), [' 1'])
  held.resolve()
  await Promise.all([first, second])
  assert.deepEqual(await samplesOf('portcullis_hash_jobs_running'), [' 0', '_peak 1'])
  const count = (lines: readonly string[]): number =>
    Number(lines.find((line) => line.startsWith('_count'))?.split(' ')[1])
  assert.equal(count(await samplesOf('portcullis_hash_wait_seconds')), count(before) + 2)
  assert.equal(count(await samplesOf('portcullis_hash_duration_seconds')), count(before) + 2)
})

test('a signature that was checked before is a hit', async () => {
  const user = await auth.users.create({ username: 'bob', password: goodPassword })
  const token = await createAccessToken(auth, user.id)
  for (let request = 0; request < 3; request++) await auth.accessTokens.verify(token ?? '')
  await auth.accessTokens.verify('a.b.c')
  assert.deepEqual((await samplesOf('portcullis_token_cache_lookups_total')).slice(0, 2), [
    '{cache="own",result="hit"} 2',
    '{cache="own",result="miss"} 2',
  ])
})

test('it is told since when a key signs, and when the next one will', async () => {
  const [key] = (await auth.managedKeys?.list()) ?? []
  assert.ok(key)
  const active = await samplesOf('portcullis_signing_key_active_since_seconds')
  assert.deepEqual(active, [` ${key.signsFrom}`])
  // Rotated every 90 days.
  const next = await samplesOf('portcullis_signing_key_next_since_seconds')
  assert.deepEqual(next, [` ${key.signsFrom + 90 * 86400}`])
  const published = await auth.managedKeys?.rotate()
  assert.deepEqual(await samplesOf('portcullis_signing_key_next_since_seconds'), [
    ` ${published?.signsFrom}`,
  ])
})

test('what does not exist has no series', async () => {
  const fixed = await createTestAuth({ secretKey: 'b7e1f0a2c3d4958677869504a3b2c1d0' })
  const other = new Registry()
  collectMetrics(fixed, other)
  assert.deepEqual(await samplesOf('portcullis_signing_key_active_since_seconds', other), [])
  assert.deepEqual(await samplesOf('portcullis_database_connections', other), [])
  assert.deepEqual(await samplesOf('portcullis_issuer_keys', other), [])
  await fixed.close()
})

test('the keys of other issuers are told of, and fetches of them that failed', async () => {
  const provider = await startProvider()
  const key = await makeKey('k1')
  provider.publish([key])
  const issuers = [provider.origin, `${provider.origin}/gone`].map((issuer) =>
    keycloak({ issuer, audience: 'api', allowInsecureLoopback: true }),
  )
  const server = createResourceServer({ issuers })
  const other = new Registry()
  collectMetrics(server, other)
  assert.deepEqual(await samplesOf('portcullis_issuer_fetched_at_seconds', other), [])
  const now = systemClock()
  const claims = { sub: 's', aud: 'api', typ: 'Bearer', azp: 'web', iat: now, exp: now + 300 }
  const [good, hopeless] = await Promise.all(
    issuers.map(({ issuer }) => sign(key, { ...claims, iss: issuer, jti: issuer })),
  )
  for (let request = 0; request < 2; request++) {
    assert.ok(await server.accessTokens.verify(String(good)))
  }
  const verifying = async (): Promise<unknown> => await server.accessTokens.verify(String(hopeless))
  await assert.rejects(verifying, UnavailableError)
  const [label, gone] = issuers.map(({ issuer }) => `{issuer="${issuer}"}`)
  const expected = {
    portcullis_issuer_fetches_total: [`${label} 1`, `${gone} 1`],
    portcullis_issuer_fetch_failures_total: [`${label} 0`, `${gone} 1`],
    portcullis_issuer_keys: [`${label} 1`, `${gone} 0`],
    portcullis_token_cache_lookups_total: [
      '{cache="external",result="hit"} 1',
      '{cache="external",result="miss"} 2',
    ],
  } as const
  for (const [name, samples] of Object.entries(expected)) {
    assert.deepEqual(await samplesOf(name as MetricName, other), samples, name)
  }
  const [fetchedAt = '', ...others] = await samplesOf('portcullis_issuer_fetched_at_seconds', other)
  assert.ok(fetchedAt.startsWith(`${label} `) && others.length === 0)
  await server.close()
  await provider.close()
})

test('requests are told apart by route, method and status, never by what a client invents (DR-01)', async () => {
  const app = Fastify()
  await app.register(requestMetrics, { registry })
  await app.register(portcullis, { auth, prune: false })
  const { activeUser } = createGuards(auth)
  app.get('/items/:id', { onRequest: activeUser }, async () => 'never')
  const count = async (): Promise<string[]> =>
    (await samplesOf('portcullis_http_request_duration_seconds'))
      .filter((line) => line.startsWith('_count'))
      .sort()
  const visit = async (name: string): Promise<void> => {
    await app.inject(`/items/${name}?token=${name}`)
    await app.inject({ method: 'DELETE', url: `/${name}` })
    await app.inject({
      ...{ method: 'POST', url: '/auth/token', payload: `username=${name}&password=${name}` },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  }
  await visit('canary0')
  const series = [
    '_count{method="DELETE",route="unmatched",status="404"}',
    '_count{method="GET",route="/items/:id",status="401"}',
    '_count{method="POST",route="/auth/token",status="401"}',
  ]
  assert.deepEqual(
    await count(),
    series.map((each) => `${each} 1`),
  )
  for (let name = 1; name < 30; name++) await visit(`canary${name}`)
  assert.deepEqual(
    await count(),
    series.map((each) => `${each} 30`),
  )
  assert.doesNotMatch(await registry.metrics(), /canary/)
  await app.close()
})
