// A resource server elsewhere, with an unmodified jose, across rotations.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { Auth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { portOf, sendForm } from './fixtures.ts'

const minute = 60
const day = 86400
const issuer = 'https://auth.example.com'

interface World {
  readonly auth: Auth
  readonly app: FastifyInstance
  /** Moves the clock of everybody, jose's too. */
  advance(seconds: number): void
  now(): number
}

async function start(t: TestContext): Promise<World> {
  let now = 1_800_000_000
  t.mock.timers.enable({ apis: ['Date'], now: now * 1000 })
  const auth = await createTestAuth({ issuer })
  const app = await buildApp({ auth })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  await auth.users.create({ username: 'alice', password: goodPassword })
  return {
    auth,
    app,
    advance(seconds) {
      now += seconds
      t.mock.timers.setTime(now * 1000)
    },
    now: () => now,
  }
}

const jwksOf = (app: FastifyInstance): URL =>
  new URL(`http://127.0.0.1:${portOf(app)}/.well-known/jwks.json`)

async function login(app: FastifyInstance) {
  const answer = await sendForm(app, '/auth/token', { username: 'alice', password: goodPassword })
  assert.equal(answer.statusCode, 200)
  return answer.json()
}

async function statusOfMe(app: FastifyInstance, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await app.inject({ url: '/me', headers })).statusCode
}

test('no token fails to verify anywhere while keys rotate by themselves (KM-02)', async (t) => {
  const { auth, app, advance, now } = await start(t)
  advance(90 * day - 90 * minute)
  let tokens = await login(app)
  const verifiers: ReturnType<typeof createRemoteJWKSet>[] = []
  const kids = new Set<unknown>()
  const live: { readonly token: string; readonly expiresAt: number }[] = []
  let verified = 0
  for (let minutes = 0; minutes < 240; minutes++) {
    await auth.managedKeys?.maintain()
    // For ten minutes, jose's default, it takes the keys that it has, and never looks again for one
    // that it does not know: only what was published ahead saves it. Ten, a minute apart.
    const options = { cooldownDuration: Number.POSITIVE_INFINITY }
    if (minutes < 10) verifiers.push(createRemoteJWKSet(jwksOf(app), options))

    const { access_token: token, expires_in, refresh_token } = tokens
    assert.equal(expires_in, 900, 'no token is cut short')
    live.push({ token, expiresAt: now() + expires_in })
    kids.add(decodeProtectedHeader(token).kid)
    while ((live[0]?.expiresAt ?? 0) <= now()) live.shift()
    const oldest = live[0]?.token ?? ''
    for (const verifier of verifiers) {
      for (const each of [token, oldest]) {
        await jwtVerify(each, verifier, { issuer, typ: 'at+jwt' })
        verified++
      }
    }
    assert.equal(await statusOfMe(app, oldest), 200)
    advance(minute)
    const fields = { grant_type: 'refresh_token', refresh_token }
    const refreshed = await sendForm(app, '/auth/token', fields)
    assert.equal(refreshed.statusCode, 200)
    tokens = refreshed.json()
  }
  assert.equal(kids.size, 2)
  assert.ok(verified > 4000)
  const states = (await auth.managedKeys?.list())?.map(({ state }) => state)
  assert.deepEqual(states, ['active'], 'the old key is gone, after its last token')
})

test('a verifier that looks for unknown keys, as jose does, follows a rotation at once too', async (t) => {
  const { auth, app, advance } = await start(t)
  const verifier = createRemoteJWKSet(jwksOf(app))
  await jwtVerify((await login(app)).access_token, verifier, { issuer })
  advance(minute)
  await auth.managedKeys?.rotate({ atOnce: true })
  await jwtVerify((await login(app)).access_token, verifier, { issuer })
})

test('the drill for a stolen key: retired, it opens nothing, and users notice nothing (KM-03)', async (t) => {
  const { auth, app } = await start(t)
  const { access_token, refresh_token } = await login(app)
  const { current: stolen } = auth[internals].keys
  assert.equal(await statusOfMe(app, access_token), 200)
  await auth.managedKeys?.retire(stolen.id)

  assert.equal(await statusOfMe(app, access_token), 401)
  const fetched = await (await fetch(jwksOf(app))).json()
  assert.deepEqual(
    fetched.keys.map(({ kid }: { kid: string }) => kid),
    [auth[internals].keys.current.id],
  )
  const elsewhere = createRemoteJWKSet(jwksOf(app))
  await assert.rejects(jwtVerify(access_token, elsewhere, { issuer }), {
    code: 'ERR_JWKS_NO_MATCHING_KEY',
  })

  const fields = { grant_type: 'refresh_token', refresh_token }
  const refreshed = (await sendForm(app, '/auth/token', fields)).json()
  assert.equal(await statusOfMe(app, refreshed.access_token), 200)
  await jwtVerify(refreshed.access_token, elsewhere, { issuer })
})
