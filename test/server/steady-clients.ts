// Clients that go on whatever happens to the database, and what each of them was told.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { decodeJwt } from 'jose'
import pg from 'pg'
import { goodPassword } from '../fixtures.ts'

/** Two servers on one database, as two processes would have it, and the token of an administrator. */
export interface Servers {
  readonly here: FastifyInstance
  readonly there: FastifyInstance
  readonly admin: string
}

/** What was acknowledged. */
export interface Told {
  readonly users: string[]
  /** Sessions that were opened and not ended, each with its refresh token. */
  readonly living: { readonly session: string; readonly refreshToken: string }[]
  /** Sessions that were ended. */
  readonly ended: { readonly session: string; readonly refreshToken: string }[]
  /** Answers of 503. */
  refusals: number
}

export interface SteadyClients {
  readonly told: Told
  /** Resolves when each client has made a whole visit that began after this call. */
  served(): Promise<void>
  /** Resolves when one is refused after this call. */
  refused(): Promise<void>
  /** Resolves when one has logged out after this call. */
  loggedOut(): Promise<void>
  /** Lets each client end its visit. */
  stop(): Promise<void>
}

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/**
 * Starts clients, each of which makes one visit after the other: an administrator makes a user, who logs
 * in on two devices, refreshes on one, and logs out there at the other server.
 *
 * Whatever the database does, each answer is the right one or 503 with Retry-After. An acknowledged
 * log-out is in force for the very next request, also at the server that has just known better.
 */
export function startClients({ here, there, admin }: Servers, count = 4): SteadyClients {
  const told: Told = { users: [], living: [], ended: [], refusals: 0 }
  const visits = Array<number>(count).fill(0)
  let stopped = false
  let failure: { readonly error: unknown } | undefined
  let made = 0

  /** Null for 503. */
  async function ask(
    app: FastifyInstance,
    request: InjectOptions,
  ): Promise<LightMyRequestResponse | null> {
    const answer = await app.inject(request)
    if (answer.statusCode !== 503) return answer
    assert.match(String(answer.headers['retry-after']), /^\d+$/)
    told.refusals++
    await turn()
    return null
  }

  /** Asks until there is an answer other than 503, which must have this status. */
  async function insist(
    app: FastifyInstance,
    request: InjectOptions,
    status: number,
  ): Promise<LightMyRequestResponse> {
    for (;;) {
      const answer = await ask(app, request)
      if (answer === null) continue
      assert.equal(answer.statusCode, status, `${request.url}: ${answer.body}`)
      return answer
    }
  }

  const me = ({ access_token }: Tokens): InjectOptions => ({
    url: '/me',
    headers: { authorization: `Bearer ${access_token}` },
  })

  async function visit(): Promise<void> {
    const username = `visitor${++made}`
    const created = await ask(here, {
      method: 'POST',
      url: '/admin/users',
      headers: { authorization: `Bearer ${admin}` },
      payload: { username, password: goodPassword },
    })
    // It may have been made, or not: nobody was told.
    if (created === null) return
    assert.equal(created.statusCode, 201, created.body)
    told.users.push(username)

    const login = form('/auth/token', { username, password: goodPassword })
    const stays: Tokens = (await insist(here, login, 200)).json()
    told.living.push(toSession(stays))
    const goes: Tokens = (await insist(here, login, 200)).json()
    // The same token again, if the answer was lost.
    const next: Tokens = (await insist(there, refreshing(goes.refresh_token), 200)).json()
    await insist(here, me(next), 200)
    await insist(here, me(next), 200)
    await insist(there, form('/auth/revoke', { token: next.refresh_token }), 200)
    for (const tokens of [next, goes]) {
      const answer = await ask(here, me(tokens))
      assert.ok(answer === null || answer.statusCode === 401, 'the log-out was acknowledged')
    }
    told.ended.push(toSession(next))
    await insist(here, refreshing(next.refresh_token), 400)
    await insist(here, me(stays), 200)
  }

  const working = visits.map(async (_none, index) => {
    try {
      while (!stopped) {
        await visit()
        visits[index] = (visits[index] ?? 0) + 1
      }
    } catch (error) {
      failure ??= { error }
    }
  })

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (failure) throw failure.error
      await turn()
    }
  }

  return {
    told,
    async served() {
      const before = [...visits]
      const users = told.users.length
      // The first that ends may have begun before.
      await until(() => visits.every((each, index) => each >= (before[index] ?? 0) + 2))
      await until(() => told.users.length > users)
    },
    async loggedOut() {
      const { length } = told.ended
      await until(() => told.ended.length > length)
    },
    async refused() {
      const before = told.refusals
      await until(() => told.refusals > before)
    },
    async stop() {
      stopped = true
      await Promise.all(working)
      if (failure) throw failure.error
    },
  }
}

/** Compares what clients were told with what is stored, and what they hold with what is accepted. */
export async function audit(told: Told, { here }: Servers, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const all = async (text: string, ids: readonly string[] = []): Promise<unknown[]> =>
    (await client.query({ text, values: text.includes('$1') ? [ids] : [], rowMode: 'array' })).rows
  try {
    const ids = (sessions: Told['living']): string[] => sessions.map(({ session }) => session)
    assert.deepEqual(
      await all(
        'select name from unnest($1::text[]) name where name not in (select username from users)',
        told.users,
      ),
      [],
      'acknowledged users are gone',
    )
    const missing = `select id from unnest($1::text[]) id where id not in
      (select id from sessions where revoked_at is`
    assert.deepEqual(await all(`${missing} null)`, ids(told.living)), [], 'logins are lost')
    assert.deepEqual(await all(`${missing} not null)`, ids(told.ended)), [], 'log-outs are lost')
    const recorded = (type: string) => `select session_id from events where type = '${type}'`
    for (const [sessions, type] of [
      ['sessions', 'authn_login_success'],
      ['sessions where revoked_at is not null', 'session_ended'],
    ] as const) {
      const differing = `(select id from ${sessions} except ${recorded(type)})
        union all (${recorded(type)} except select id from ${sessions})`
      assert.deepEqual(await all(differing), [], `${type}: a change without its event, or reversed`)
    }
  } finally {
    await client.end()
  }
  for (const { refreshToken } of told.ended) {
    assert.equal((await here.inject(refreshing(refreshToken))).statusCode, 400)
  }
  for (const { refreshToken } of told.living) {
    assert.equal((await here.inject(refreshing(refreshToken))).statusCode, 200)
  }
}

function toSession(tokens: Tokens): Told['living'][number] {
  return { session: String(decodeJwt(tokens.access_token).sid), refreshToken: tokens.refresh_token }
}

function form(url: string, fields: Readonly<Record<string, string>>): InjectOptions {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  }
}

function refreshing(token: string): InjectOptions {
  return form('/auth/token', { grant_type: 'refresh_token', refresh_token: token })
}
