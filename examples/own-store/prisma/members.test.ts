// Two processes on one PostgreSQL database, as two clients of Prisma: of two changes that exclude one
// another, one happens.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { ConflictError, type UserRecord } from 'portcullis/stores'
import { PrismaClient } from './generated/client.ts'
import { createSessions, createUsers } from './members.ts'
import { inTransaction } from './transaction.ts'

const connectionString = process.env.DATABASE_URL
const database = new pg.Client({ connectionString })
const clients = [1, 2].map(() => new PrismaClient({ adapter: new PrismaPg({ connectionString }) }))
const [one, other] = clients as [PrismaClient, PrismaClient]
const [users, elsewhere] = [createUsers(one), createUsers(other)]

before(async () => {
  await database.connect()
  await database.query(`
    drop table if exists auth_sessions, auth_events, members;
    create table members (id text primary key, login text not null unique, pw_hash text,
      role text not null, is_active boolean not null, created timestamptz not null,
      stamp text not null, display_name text not null default '');
    create table auth_sessions (id text primary key,
      member_id text not null references members on delete cascade, client_id text not null,
      scopes text[] not null, generation int not null, retry_of int, rotated_at bigint not null,
      created_at bigint not null, expires_at bigint not null, revoked_at bigint,
      security_stamp text not null, label text not null, address text not null);
    create table auth_events (id text primary key, at bigint not null, record jsonb not null)`)
})

beforeEach(() => database.query('truncate members, auth_sessions, auth_events'))

after(async () => {
  for (const client of clients) await client.$disconnect()
  await database.end()
})

const now = 1_800_000_000

function aUser(username: string): UserRecord {
  const [id, securityStamp] = [randomUUID(), randomUUID()]
  return {
    id,
    username,
    passwordHash: null,
    role: 'admin',
    active: true,
    createdAt: now,
    securityStamp,
  }
}

const anEvent = (userId: string) =>
  ({ id: randomUUID(), type: 'user_created', at: now, outcome: 'success', userId }) as const

async function count(table: string, where = 'true'): Promise<number> {
  const { rows } = await database.query(`select count(*)::int from ${table} where ${where}`)
  return rows[0].count
}

/** Lets both come to the same place before one goes on. Later visits do not wait. */
function meeting(): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let arrived = 0
  return () => {
    arrived++
    if (arrived === 2) resolve()
    return promise
  }
}

test('of two users with one name, one is made, with its event', async () => {
  const both = [aUser('ann'), aUser('ann')]
  const made = await Promise.allSettled([
    users.create(both[0] as UserRecord, anEvent('1')),
    elsewhere.create(both[1] as UserRecord, anEvent('2')),
  ])
  const refused = made.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  assert.equal(refused.length, 1)
  assert.ok(refused[0] instanceof ConflictError)
  assert.equal(refused[0].code, 'username_taken')
  assert.deepEqual([await count('members'), await count('auth_events')], [1, 1])
})

test('a user is read as it was written, and its row keeps the columns of the application', async () => {
  const ann = aUser('ann')
  await users.create(ann)
  await database.query("update members set display_name = 'Ann'")
  assert.deepEqual(await users.update(ann.id, { role: 'user' }), { ...ann, role: 'user' })
  assert.deepEqual(await elsewhere.findByUsername('ann'), { ...ann, role: 'user' })
  assert.equal(await count('members', "display_name = 'Ann'"), 1)
})

test('of several first users, one is made', async () => {
  const made = await Promise.all(
    [users, elsewhere, users, elsewhere].map((each, place) =>
      each.createFirst(aUser(`user${place}`), anEvent(String(place))),
    ),
  )
  assert.deepEqual(made.filter(Boolean), [true])
  assert.deepEqual([await count('members'), await count('auth_events')], [1, 1])
})

test('two administrators who deactivate each other: one stays', async () => {
  for (let round = 0; round < 10; round++) {
    await database.query('truncate members cascade')
    const [ann, bob] = [aUser('ann'), aUser('bob')]
    await users.create(ann)
    await users.create(bob)
    const guarded = { keepOneActiveIn: ['admin'] }
    const ended = await Promise.allSettled([
      users.update(ann.id, { active: false }, guarded),
      elsewhere.update(bob.id, { active: false }, guarded),
    ])
    assert.deepEqual(ended.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    const refused = ended.find((each) => each.status === 'rejected')
    assert.equal(refused?.reason.code, 'last_active')
    assert.equal(await count('members', 'is_active'), 1)
  }
})

test('a conflict that only the commit finds starts the change again', async () => {
  for (const login of ['ann', 'bob']) await users.create(aUser(login))
  const [read, written] = [meeting(), meeting()]
  let runs = 0
  const leave = (prisma: PrismaClient, username: string) =>
    inTransaction(prisma, async (tx) => {
      runs++
      const active = await tx.member.count({ where: { active: true } })
      await read()
      if (active > 1) await tx.member.update({ where: { username }, data: { active: false } })
      await written()
      return active > 1
    })
  const left = await Promise.all([leave(one, 'ann'), leave(other, 'bob')])
  assert.deepEqual(left.sort(), [false, true])
  assert.equal(runs, 3)
  assert.equal(await count('members', 'is_active'), 1)
})

test('of several refreshes with one token, one rotates', async () => {
  const ann = aUser('ann')
  await users.create(ann)
  const session = {
    id: randomUUID(),
    userId: ann.id,
    clientId: 'client',
    scopes: ['a', 'b:c'],
    generation: 0,
    retryOf: null,
    rotatedAt: now,
    createdAt: now,
    expiresAt: now + 1000,
    revokedAt: null,
    securityStamp: ann.securityStamp,
    label: '',
    address: '',
  }
  const sessions = [createSessions(one), createSessions(other)] as const
  assert.equal(await sessions[0].create(session), true)
  assert.equal(await sessions[0].create({ ...session, securityStamp: 'of before' }), false)
  const rotation = { id: session.id, clientId: 'client', now: now + 1, idleSince: now - 10 }
  const rotated = await Promise.all(
    [0, 1, 0, 1].map((place) => sessions[place]?.rotate({ ...rotation, generation: 0 })),
  )
  assert.deepEqual(
    rotated.filter((each) => each !== null),
    [{ ...session, generation: 1, rotatedAt: now + 1 }],
  )
  await users.update(ann.id, { securityStamp: 'another' })
  assert.equal(await sessions[1].rotate({ ...rotation, generation: 1 }), null)
})
