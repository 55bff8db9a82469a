import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import Fastify from 'fastify'
import { UnavailableError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import { jwksMaxAge } from '../../src/core/keys/lifecycle.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'
import { createTestApp } from './test-app.ts'

const jwksPath = '/.well-known/jwks.json'
const day = 86400

test('an application that listens publishes the next key when it is due', async () => {
  const clock = createTestClock()
  const { app, auth } = await createTestApp({ auth: { clock } })
  clock.advance(400 * day)
  const happened = new EventEmitter()
  auth.events.subscribe((event) => happened.emit(event.type, event))
  const rotated = once(happened, 'key_rotated')
  await app.listen({ port: 0 })
  const [{ details }] = await rotated
  await app.close()
  assert.deepEqual(
    (await auth.managedKeys?.list())?.map(({ id, state }) => [id === details.key_id, state]),
    [
      [false, 'active'],
      [true, 'next'],
    ],
  )
})

test('maintenance that fails is told to the log, and the application goes on', async () => {
  const store = memory()
  const log = new EventEmitter()
  const stream = { write: (line: string) => void log.emit('line', JSON.parse(line)) }
  const auth = await createTestAuth({ store })
  const app = Fastify({ logger: { level: 'error', stream } })
  await app.register(portcullis, { auth })
  const outage = new UnavailableError('The database cannot be used now', 2)
  Object.assign(store.signingKeys, { read: () => Promise.reject(outage) })
  const logged = once(log, 'line')
  await app.listen({ port: 0 })
  const [{ msg, err }] = await logged
  assert.equal(msg, 'key maintenance failed')
  assert.equal(err.message, outage.message)
  assert.equal((await app.inject('/openapi.json')).statusCode, 200)
  await app.close()
})

test('the JWK Set may be kept for less time than a new key is published ahead (KM-02)', async () => {
  const { app } = await createTestApp()
  const { headers } = await app.inject(jwksPath)
  assert.equal(headers['cache-control'], `public, max-age=${jwksMaxAge}`)
})

test('the JWK Set is that of the store now, whichever process changed it (KM-03)', async () => {
  const store = memory()
  const { app, auth } = await createTestApp({ auth: { store } })
  const there = await createTestAuth({ store })
  const published = async (): Promise<string[]> =>
    (await app.inject(jwksPath)).json().keys.map(({ kid }: { kid: string }) => kid)
  const { id } = auth[internals].keys.current
  const next = await there.managedKeys?.rotate()
  assert.deepEqual(await published(), [id, next?.id])
  await there.managedKeys?.retire(id)
  assert.deepEqual(await published(), [next?.id])
})

test('a JWK Set that may be old is not served: 503, and when to try again', async () => {
  const store = memory()
  const { app } = await createTestApp({ auth: { store } })
  const outage = new UnavailableError('The database cannot be used now', 2)
  Object.assign(store.signingKeys, { version: () => Promise.reject(outage) })
  const answer = await app.inject(jwksPath)
  assert.equal(answer.statusCode, 503)
  assert.equal(answer.headers['retry-after'], '2')
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.equal(answer.json().error, 'temporarily_unavailable')
})
