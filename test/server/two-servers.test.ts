// Two servers on one database: what is done through one is seen by the other on its very next request.
// A longer run: ROUNDS=1000 node --test test/server/two-servers.test.ts

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import type { Store } from '../../src/core/store.ts'
import type { User } from '../../src/core/users/user.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createDirectory, type Serving, serve } from '../cli/process.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { otherPassword, recentToken } from './fixtures.ts'

const rounds = Number(process.env.ROUNDS ?? 100)
const issuer = 'https://auth.test'
const secretKey = 'a4c1e0d2b7f5938c6a5d7e8f90a1b2c4'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/** What is done through one server, and what the other one answers then. */
interface Row {
  readonly name: string
  readonly act: (
    here: string,
    theirs: { user: User; mine: Tokens; other: Tokens },
  ) => Promise<Response>
  /** The statuses of /admin/stats with the token in hand and with the one of another login. */
  readonly answers: readonly [mine: number, other: number]
}

async function call(
  url: string,
  token: string,
  path = '/admin/stats',
  method = 'GET',
  body?: object,
): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body && { 'content-type': 'application/json' }),
  }
  return await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
}

async function statusOf(url: string, token: string): Promise<number> {
  const answer = await call(url, token)
  await answer.bytes()
  return answer.status
}

async function login(url: string, username: string): Promise<Tokens> {
  const body = new URLSearchParams({ username, password: goodPassword })
  return await (await fetch(`${url}/auth/token`, { method: 'POST', body })).json()
}

function twoServers(
  name: string,
  place: (directory: string) => Promise<{ store: Store; url?: string }>,
  skipped: string | false,
): void {
  describe(`two servers on ${name}`, { skip: skipped }, () => {
    let auth: Auth
    let servers: readonly [Serving, Serving]
    let databaseUrl: string | undefined
    let root: string
    let users = 0

    before(async () => {
      const directory = createDirectory()
      const { store, url } = await place(join(directory, 'data'))
      databaseUrl = url
      servers = await Promise.all([serve(directory, settings()), serve(directory, settings())])
      auth = await createTestAuth({ store, secretKey, issuer })
      const { id } = await auth.users.create({ username: 'root', password: null, role: 'admin' })
      root = await recentToken(auth, id)
      // On PostgreSQL that makes them listen.
      for (const { url: here } of servers) assert.equal(await statusOf(here, root), 200)
      await untilAllListen()
    })
    after(async () => {
      await auth?.close()
      assert.deepEqual(await Promise.all((servers ?? []).map((one) => one.stop())), [0, 0])
    })

    const settings = (): Record<string, string> => ({
      ISSUER: issuer,
      SECRET_KEY: secretKey,
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    })

    const tokenOf = async (id: string): Promise<string> =>
      String(await createAccessToken(auth, id, ['*']))

    const addUser = (): Promise<User> =>
      auth.users.create({ username: `user${++users}`, password: goodPassword, role: 'admin' })

    async function withOperator<T>(act: (operator: pg.Client) => Promise<T>): Promise<T> {
      const operator = new pg.Client({ connectionString: databaseUrl })
      await operator.connect()
      try {
        return await act(operator)
      } finally {
        await operator.end()
      }
    }

    async function untilAllListen(): Promise<void> {
      if (databaseUrl === undefined) return
      await withOperator(async (operator) => {
        for (let listeners = 0; listeners < 2; ) {
          const { rowCount } = await operator.query(
            "select pid from pg_stat_activity where application_name = 'portcullis cache'",
          )
          listeners = rowCount ?? 0
        }
      })
    }

    /** The server that something is done through, and the one that is asked, by turns. */
    const turn = (round: number): readonly [string, string] => {
      const [one, two] = [servers[0].url, servers[1].url]
      return round % 2 ? [one, two] : [two, one]
    }

    const rows: readonly Row[] = [
      {
        name: 'a deactivation',
        act: (here, { user }) => call(here, root, `/admin/users/${user.id}/deactivate`, 'POST'),
        answers: [403, 403],
      },
      {
        name: 'a change of role',
        act: (here, { user }) =>
          call(here, root, `/admin/users/${user.id}/role`, 'PUT', { role: 'member' }),
        answers: [403, 403],
      },
      {
        name: 'a log-out',
        act: (here, { mine }) =>
          fetch(`${here}/auth/revoke`, {
            method: 'POST',
            body: new URLSearchParams({ token: mine.refresh_token }),
          }),
        answers: [401, 200],
      },
      {
        name: 'a log-out everywhere',
        act: (here, { mine }) => call(here, mine.access_token, '/me/sessions', 'DELETE'),
        answers: [401, 401],
      },
      {
        name: 'a change of password',
        act: (here, { mine }) =>
          call(here, mine.access_token, '/me/password', 'PUT', {
            old_password: goodPassword,
            new_password: otherPassword,
          }),
        answers: [200, 401],
      },
      {
        name: 'a password set by an administrator',
        act: (here, { user }) =>
          call(here, root, `/admin/users/${user.id}/password`, 'PUT', { password: otherPassword }),
        answers: [401, 401],
      },
      {
        name: 'a deletion',
        act: (here, { user }) => call(here, root, `/admin/users/${user.id}`, 'DELETE'),
        answers: [401, 401],
      },
    ]

    for (const { name, act, answers } of rows) {
      test(`${name} is seen by the other one on its next request (SR-09)`, async () => {
        for (const round of [1, 2]) {
          const [here, there] = turn(round)
          const user = await addUser()
          const theirs = {
            user,
            mine: await login(here, user.username),
            other: await login(there, user.username),
          }
          const ask = async (): Promise<readonly number[]> => [
            await statusOf(there, theirs.mine.access_token),
            await statusOf(there, theirs.other.access_token),
          ]
          assert.deepEqual(await ask(), [200, 200])
          assert.deepEqual(await ask(), [200, 200], 'and from what it knows by now')
          const done = await act(here, theirs)
          assert.ok(done.ok, await done.text())
          assert.deepEqual(await ask(), answers)
        }
      })
    }

    test(`${rounds} times, nobody is let in after a deactivation, or by what is from before a reactivation`, async () => {
      const { id } = await addUser()
      for (let round = 0; round < rounds; round++) {
        const [here, there] = turn(round)
        const token = await tokenOf(id)
        assert.equal(await statusOf(there, token), 200, 'reactivated')
        await call(here, root, `/admin/users/${id}/deactivate`, 'POST')
        assert.equal(await statusOf(there, token), 403, 'deactivated')
        const inactive = await tokenOf(id)
        assert.equal(await statusOf(there, inactive), 403, 'inactive')
        await call(there, root, `/admin/users/${id}/reactivate`, 'POST')
        assert.equal(await statusOf(here, inactive), 401, 'from before')
      }
    })

    test('a server that was stopped for a moment answers what is true when it goes on', async () => {
      const { id } = await addUser()
      const [one, two] = servers
      for (const role of ['member', 'admin', 'member']) {
        const token = await tokenOf(id)
        const before = await statusOf(two.url, token)
        two.child.kill('SIGSTOP')
        await call(one.url, root, `/admin/users/${id}/role`, 'PUT', { role })
        // Both the request and the news wait for it.
        const answer = statusOf(two.url, token)
        two.child.kill('SIGCONT')
        assert.notEqual(await answer, before)
      }
    })

    if (name !== 'PostgreSQL') return

    test('a server whose listening connection is cut answers what is true', async () => {
      const { id } = await addUser()
      await withOperator(async (operator) => {
        const cut = () =>
          operator.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portcullis cache'",
          )
        for (let round = 0; round < rounds / 10; round++) {
          const [here, there] = turn(round)
          const token = await tokenOf(id)
          assert.equal(await statusOf(there, token), round % 2 ? 403 : 200)
          const role = round % 2 ? 'admin' : 'member'
          const change = () => call(here, root, `/admin/users/${id}/role`, 'PUT', { role })
          // Before the change, or in the middle of it.
          if (round % 3) await cut().then(change)
          else await Promise.all([change(), cut()])
          assert.equal(await statusOf(there, token), role === 'admin' ? 200 : 403)
        }
      })
      await untilAllListen()
    })
  })
}

twoServers('SQLite', async (data) => ({ store: sqlite(join(data, 'portcullis.db')) }), false)
twoServers(
  'PostgreSQL',
  async () => {
    const url = (await server?.createDatabase('two_servers')) ?? ''
    return { url, store: postgres(url) }
  },
  skip,
)
