import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { ConfigError, UnavailableError } from '../../../src/core/errors.ts'
import { storeContract } from '../../../src/stores/contract/contract.ts'
import { anEvent, aSession, aUser } from '../../../src/stores/contract/records.ts'
import { type PostgresOptions, postgres } from '../../../src/stores/postgres/postgres.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

async function open(url: string, options?: PostgresOptions) {
  const store = postgres(url, options)
  await store.open()
  return store
}

const createDatabase = async (name: string): Promise<string> =>
  (await server?.createDatabase(name)) ?? ''

storeContract(
  'PostgreSQL',
  async () => {
    const url = await createDatabase('contract')
    return [await open(url), await open(url)]
  },
  skip,
)

describe('a PostgreSQL store', { skip }, () => {
  let url: string
  before(async () => {
    url = await createDatabase('faults')
  })

  test('is opened by four processes at once on an empty database (DD-09)', async () => {
    const empty = await createDatabase('empty')
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(empty)))
    for (const store of stores) await store.users.create(aUser())
    for (const store of stores) await store.close()
  })

  test('tells how many connections it has, who waits for one, and how its cache does', async () => {
    const store = await open(url, { maxConnections: 2 })
    const operator = await operate('begin; lock table users')
    const blocked = [1, 2, 3].map(() => store.users.findById('nobody'))
    // Until the two connections are there, and both are in use.
    while ((store.statistics?.().connections?.used ?? 0) < 2) await new Promise(setImmediate)
    const { connections, subjects } = store.statistics?.() ?? assert.fail()
    assert.deepEqual(connections, { used: 2, idle: 0, waiting: 1 })
    assert.deepEqual(subjects, { hits: 0, misses: 0, users: 0 })
    await operator.query('rollback')
    await operator.end()
    await Promise.all(blocked)
    await store.findSubject('nobody', null)
    assert.deepEqual(store.statistics?.().connections, { used: 0, idle: 2, waiting: 0 })
    assert.deepEqual(store.statistics?.().subjects, { hits: 0, misses: 1, users: 1 })
    await store.close()
  })

  test('goes on after its connections were ended, in the middle of a transaction too (DD-05)', async () => {
    const store = await open(url)
    const [admin, other] = [aUser({ role: 'admin' }), aUser({ role: 'admin' })]
    await store.users.create(admin)
    await store.users.create(other)

    // The store's transaction waits for this one's lock, and is ended while it does.
    const operator = await operate('begin; lock table users')
    const waiting = store.users.update(admin.id, { active: false }, { keepOneActiveIn: ['admin'] })
    let settled = false
    const refused = assert.rejects(waiting, UnavailableError).finally(() => {
      settled = true
    })
    for (let ended = 0; ended === 0 && !settled; ) {
      const { rowCount } = await operator.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'",
      )
      ended = rowCount ?? 0
    }
    await refused
    await operator.query('rollback')
    assert.equal((await store.users.findById(admin.id))?.active, true, 'nothing was changed')
    assert.equal(
      (await store.users.update(admin.id, { active: false }, { keepOneActiveIn: ['admin'] }))
        ?.active,
      false,
    )
    await operator.end()
    await store.close()
  })

  test('says that it cannot be used while the server is down, and is itself again after (DD-05)', async () => {
    const store = await open(url)
    const user = aUser()
    await store.users.create(user)
    await server?.stop()
    for (const call of [
      () => store.check(),
      async () => store.users.findById(user.id),
      async () => store.findSubject(user.id, null),
      () => store.users.create(aUser()),
      () => store.users.update(user.id, { role: 'x' }, { keepOneActiveIn: ['admin'] }),
      () => store.sessions.prune(0, 0, 1),
      () => store.signingKeys.read(),
      async () => store.signingKeys.version(),
      () => store.signingKeys.change(1, { put: [], remove: [] }),
    ]) {
      await assert.rejects(call, UnavailableError)
    }
    await server?.start()
    await store.check()
    assert.deepEqual(await store.users.findById(user.id), user)
    await store.close()
  })

  test('of which there is none at the address is not now', async () => {
    const store = postgres('postgres://x:x@127.0.0.1:1/x')
    await assert.rejects(store.open(), UnavailableError)
    await store.close()
  })

  test('gives a scan more time than a request (DD-05)', async () => {
    const store = await open(url, { statementTimeout: 600 })
    const operator = await operate('begin; lock table users')
    const scans = [store.users.counts(), store.users.list({ search: 'a', limit: 1 })]
    await Promise.all([
      assert.rejects(async () => store.users.findById('x'), UnavailableError),
      assert.rejects(store.users.list({ limit: 1 }), UnavailableError),
      assert.rejects(store.users.create(aUser()), UnavailableError),
    ])
    await operator.query('rollback')
    await Promise.all(scans)
    await operator.end()
    await store.close()
  })

  test('ends a scan too, after the time that is configured', async () => {
    const store = await open(url, { statementTimeout: 1 })
    const operator = await operate('begin; lock table users')
    await assert.rejects(store.users.counts(), UnavailableError)
    await operator.end()
    await store.users.counts()
    await store.close()
  })

  test('makes a change and its event in one statement, and so in one round trip', async () => {
    const store = await open(url)
    const operator = await operate(`
      create table seen (statement text);
      create function see() returns trigger language plpgsql as $$
        begin insert into seen values (current_query()); return null; end $$;
      create trigger see after insert or update on sessions for each row execute function see();
      create trigger see after insert on events for each row execute function see()`)
    const user = aUser()
    const session = aSession(user)
    await store.users.create(user)
    assert.ok(await store.sessions.create(session, anEvent()))
    assert.ok(await store.sessions.revoke(session.id, 1, { userId: user.id, event: anEvent() }))
    const { rows } = await operator.query('select count(*)::int from seen group by statement')
    assert.deepEqual(rows, [{ count: 2 }, { count: 2 }])
    await operator.query('drop table seen; drop function see cascade')
    await operator.end()
    await store.close()
  })

  test('keeps to its number of connections, and says whose they are', async () => {
    const store = await open(url, { maxConnections: 2 })
    const operator = await operate('begin; lock table users')
    const work = Promise.allSettled(Array.from({ length: 20 }, () => store.users.create(aUser())))
    // Not the operator: a transaction sees the activity of the moment when it first looked.
    const observer = await operate('select 1')
    const lookUp =
      "select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name = 'portcullis'"
    let connections = 0
    while (connections < 2) connections = (await observer.query(lookUp)).rows[0]?.count
    assert.equal(connections, 2)
    await observer.end()
    await operator.query('rollback')
    await work
    await operator.end()
    await store.close()
  })

  test('honours the name and the options of the URL', async () => {
    const empty = await createDatabase('options')
    const operator = await operate('create schema auth', empty)
    const store = await open(`${empty}?application_name=mine&options=-c%20search_path%3Dauth`)
    await store.users.create(aUser())
    const { rows } = await operator.query('select count(*) from auth.users')
    assert.equal(rows[0]?.count, '1')
    const names = await operator.query('select application_name from pg_stat_activity')
    assert.ok(names.rows.some(({ application_name }) => application_name === 'mine'))
    await operator.end()
    await store.close()
  })

  test('refuses options that make no sense, all at once', () => {
    assert.throws(
      () => postgres(url, { maxConnections: 0, statementTimeout: 0.5, connectionTimeout: -1 }),
      (error) => error instanceof ConfigError && error.problems.length === 3,
    )
  })

  /** Another session, which has run a statement. */
  async function operate(statement: string, connectionString = url): Promise<pg.Client> {
    const operator = new pg.Client({ connectionString })
    await operator.connect()
    await operator.query(statement)
    return operator
  }
})
