// Which logins wait while more come than there are cores for. Judged by order, not by durations:
// how long it takes is measured by bench/login-flood.ts.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createAuth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import { createHashPool, hashConcurrency } from '../../src/core/passwords/hash-pool.ts'
import { buildApp } from '../../src/server/app.ts'
import { urlOf } from '../../src/server/listener-options.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { goodPassword } from '../fixtures.ts'

/** Node.js's own number, if nobody has set another. */
const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
const concurrency = hashConcurrency({ threads })
const secret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'

test('guarded requests, keys, metadata, introspection and refreshes pass by the logins that came before them (PW-15)', {
  timeout: 120_000,
}, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-flood-'))
  const auth = await createAuth({
    store: sqlite(join(directory, 'portcullis.db')),
    clients: [{ id: 'api', secret, grants: [] }],
    // Nobody is refused for having waited long: this machine may be slow.
    passwordHash: {
      argon2: { memory: 32768, time: 2, parallelism: 1 },
      pool: createHashPool({ concurrency, maxWait: 3600 }),
    },
  })
  const trustedProxies = { addresses: ['127.0.0.1'], hops: 1 }
  const app = await buildApp({ auth, trustedProxies, prune: false })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(async () => {
    await app.close()
    await auth.close()
    rmSync(directory, { recursive: true, force: true })
  })
  await auth.users.create({ username: 'alice', password: goodPassword })

  const send = (path: string, init: RequestInit = {}) => fetch(urlOf(app, '127.0.0.1') + path, init)
  const form = (fields: Readonly<Record<string, string>>, headers = {}): RequestInit => ({
    ...{ method: 'POST', headers, body: new URLSearchParams(fields) },
  })
  const login = await send('/auth/token', form({ username: 'alice', password: goodPassword }))
  let tokens = await login.json()

  /** Logins that were sent and have no answer. */
  const unanswered = new Set<number>()
  const many = 30 * concurrency
  const flood = Array.from({ length: many }, async (_none, number) => {
    unanswered.add(number)
    const guess = form(
      { username: `guess-${number}`, password: goodPassword },
      { 'x-forwarded-for': `10.0.${number >> 8}.${number & 255}` },
    )
    const { status } = await send('/auth/token', guess)
    unanswered.delete(number)
    return status
  })
  const { pool } = auth[internals].passwords
  // Until the server has them all.
  while (pool.load.running + pool.load.waiting < unanswered.size) await turn()

  /** Fails unless the answer is there before those of the logins that were on their way already. */
  async function passBy(path: string, init?: RequestInit): Promise<Record<string, unknown>> {
    const before = [...unanswered]
    const answer = await send(path, init)
    const body = await answer.json()
    const overtaken = before.filter((number) => unanswered.has(number))
    assert.equal(answer.status, 200, `${path}: ${JSON.stringify(body)}`)
    assert.ok(overtaken.length > 0, `${path} waited for all logins that came before it`)
    return body
  }

  for (let round = 0; round < 3; round++) {
    // A new token, so that each signature is made, and checked, by one of the threads.
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
    tokens = await passBy('/auth/token', form(refresh))
    const { access_token: token } = tokens
    const guarded = await passBy('/me', { headers: { authorization: `Bearer ${token}` } })
    assert.equal(guarded.username, 'alice')
    const asked = form({ token, client_id: 'api', client_secret: secret })
    assert.equal((await passBy('/auth/introspect', asked)).active, true)
    await passBy('/.well-known/jwks.json')
    await passBy('/.well-known/oauth-authorization-server')
  }

  assert.deepEqual(new Set(await Promise.all(flood)), new Set([401]))
  const { peak } = pool.history
  assert.ok(peak <= availableParallelism(), `${peak} hashes ran at the same time`)
  assert.ok(peak < threads || threads === 1, 'a thread is free for signatures')
})
