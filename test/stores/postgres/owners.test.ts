// Whose tables are, and who may read them, after steps that another role takes.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { anEvent, aUser } from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { postgresDatabase, type Row } from '../bare-database.ts'
import { makeOlder } from '../older-database.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(async () => await server?.remove())

interface Installation {
  /** The URL of the administrator. */
  readonly admin: string
  /** The URL of another role. */
  as(role: string): string
  run(statements: string): Promise<readonly Row[]>
}

async function createDatabase(name: string): Promise<Installation> {
  const admin = (await server?.createDatabase(name)) ?? ''
  return {
    admin,
    as: (role) => admin.replace('postgres:postgres@', `${role}:${role}@`),
    run: postgresDatabase(admin).run,
  }
}

async function openAndClose(url: string): Promise<void> {
  const store = postgres(url)
  await store.open()
  await store.close()
}

test('steps that an administrator takes leave the rights and the owner as they were', {
  skip,
}, async () => {
  const { admin, as, run } = await createDatabase('steps')
  await run(`create role app login password 'app';
    create role reader login password 'reader'; create role auditor login password 'auditor';
    create role stranger login password 'stranger'; grant create on schema public to app;
    alter default privileges for role postgres in schema public grant select on tables to stranger`)
  await makeOlder(as('app'), '0021_event_partitions')
  await run(`insert into events (at, id, type) values (1, '1', 'sys_startup');
    grant select on events to reader with grant option; grant select (at, type) on events to auditor`)
  await openAndClose(admin)

  const owners = `select distinct pg_get_userbyid(relowner) as owner from pg_class
      where relnamespace = 'public'::regnamespace
    union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'public'::regnamespace`
  assert.deepEqual(
    (await run(owners)).filter(({ owner }) => owner !== 'app'),
    [],
  )
  const reader = postgresDatabase(as('reader'))
  assert.deepEqual(await reader.run('select id from events'), [{ id: '1' }])
  await reader.run('grant select on events to auditor with grant option')
  await reader.run('revoke select on events from auditor')
  const auditor = postgresDatabase(as('auditor'))
  assert.deepEqual(await auditor.run('select at, type from events'), [
    { at: '1', type: 'sys_startup' },
  ])
  await assert.rejects(auditor.run('select id from events'), { code: '42501' })
  await assert.rejects(postgresDatabase(as('stranger')).run('select at from events'), {
    code: '42501',
  })

  const store = postgres(as('app'))
  await store.open()
  const user = aUser()
  await store.users.create(user)
  await store.users.update(user.id, { role: 'changed' })
  await store.events.append(anEvent())
  assert.equal(await store.events.prune(2, 9), 1)
  await store.close()
  assert.equal((await run('select user_id from portcullis_changes'))[0]?.user_id, user.id)
})

test('views and publications see new events when they are made again, as the documents say', {
  skip,
}, async () => {
  const page = readFileSync(new URL('../../../docs/upgrading.md', import.meta.url), 'utf8')
  const [, again = ''] = page.match(/```sql\n(CREATE OR REPLACE VIEW[^`]*)```/) ?? []
  const { admin, run } = await createDatabase('views')
  await makeOlder(admin, '0021_event_partitions')
  await run(`create publication audit for table events;
    create view logins as select at, user_id from events where type = 'authn_login_success'`)
  await openAndClose(admin)
  const published = "select tablename from pg_publication_tables where pubname = 'audit'"
  assert.deepEqual(await run(published), [{ tablename: 'events_before' }])
  await run(again)
  assert.deepEqual(await run(published), [{ tablename: 'events' }])
  const late = 10_000_000_000
  await run(`insert into events (at, id, type) values (${late}, '1', 'authn_login_success')`)
  assert.deepEqual(await run('select at from logins'), [{ at: String(late) }])
})

test('partitions of days belong to the owner of the events, whoever makes them', {
  skip,
}, async () => {
  const { as, run } = await createDatabase('members')
  await run(`create role family; grant create on schema public to family;
    create role one login password 'one'; create role two login password 'two';
    grant family to one, two; alter role one in database members set role family`)
  await openAndClose(as('one'))
  const days = `select relname, pg_get_userbyid(relowner) as owner from pg_class
    where relname ~ '^events_[0-9_]+$' and relkind = 'r' order by relname`
  const made = await run(days)
  await run(`drop table ${made.at(-1)?.relname}`)
  await openAndClose(as('two'))
  assert.deepEqual(
    (await run(days)).filter(({ owner }) => owner !== 'family'),
    [],
  )
  assert.ok((await run(days)).some(({ relname }) => relname === made.at(-1)?.relname))
})
