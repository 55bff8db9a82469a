// The suite that every store must pass.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { ClientRecord } from '../../src/core/clients/client-store.ts'
import { ConflictError } from '../../src/core/errors.ts'
import type { AuthEvent } from '../../src/core/events/event-store.ts'
import type { SigningKeyRecord } from '../../src/core/keys/key-store.ts'
import type { SessionRecord } from '../../src/core/sessions/session-store.ts'
import type { Store } from '../../src/core/store.ts'
import type { UserRecord } from '../../src/core/users/user-store.ts'
import { anEvent, eventsContract } from './events-contract.ts'
import { identitiesContract } from './identities-contract.ts'
import { throttleContract } from './throttle-contract.ts'

const now = 1_800_000_000
const roles = ['admin', 'root']

let made = 0

/** A user whom no other test knows. */
export function aUser(changes: Partial<UserRecord> = {}): UserRecord {
  made++
  return {
    id: randomUUID(),
    username: `user${String(made).padStart(6, '0')}`,
    passwordHash: `hash ${made}`,
    role: 'member',
    active: true,
    createdAt: now,
    securityStamp: `stamp ${made}`,
    ...changes,
  }
}

/** A live session of a user. */
export function aSession(user: UserRecord, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: randomUUID(),
    userId: user.id,
    clientId: 'client',
    scopes: ['a', 'b:c'],
    generation: 0,
    rotatedAt: now,
    createdAt: now,
    expiresAt: now + 1000,
    revokedAt: null,
    securityStamp: user.securityStamp,
    label: 'a "label"',
    address: '2001:db8::1',
    ...changes,
  }
}

const conflict = (code: string) => (error: unknown) =>
  error instanceof ConflictError && error.code === code

/**
 * Registers the suite.
 *
 * @param open Opens a store on an empty database, and a second one on the same, as another process
 * would; a store without processes gives the same one twice.
 */
export function storeContract(
  name: string,
  open: () => Promise<readonly [Store, Store]>,
  skip: string | false = false,
): void {
  describe(`${name} keeps the contract of a store`, { skip }, () => {
    let store: Store
    let other: Store

    before(async () => {
      ;[store, other] = await open()
    })
    after(async () => {
      await store.close()
      if (other !== store) await other.close()
    })

    const add = async (changes: Partial<UserRecord> = {}): Promise<UserRecord> => {
      const user = aUser(changes)
      await store.users.create(user)
      return user
    }

    describe('users', () => {
      test('the first user is created once, of 20 at the same time', async () => {
        const firsts = Array.from({ length: 20 }, () => aUser({ role: 'admin' }))
        const created = await Promise.all(
          firsts.map((user, index) => (index % 2 ? store : other).users.createFirst(user)),
        )
        assert.equal(created.filter(Boolean).length, 1)
        assert.equal((await store.users.counts()).total, 1)
        assert.equal(await store.users.createFirst(aUser()), false)
      })

      test('a user is read as it was written, by id and by username', async () => {
        for (const changes of [
          {},
          { passwordHash: null, active: false },
          { username: 'ünïcødé' },
        ]) {
          const user = await add(changes)
          assert.deepEqual(await other.users.findById(user.id), user)
          assert.deepEqual(await other.users.findByUsername(user.username), user)
        }
      })

      test('who is not there is null', async () => {
        assert.equal(await store.users.findById(randomUUID()), null)
        assert.equal(await store.users.findByUsername("' or 1=1 --"), null)
        assert.equal(await store.users.update(randomUUID(), { role: 'x' }), null)
        assert.equal(await store.users.remove(randomUUID()), false)
      })

      test('of many users those are created whose username and id are free', async () => {
        const taken = await add()
        const [first, second, third] = [
          aUser({ passwordHash: null }),
          aUser({ active: false }),
          aUser(),
        ]
        const created = await store.users.createMany([
          aUser({ username: taken.username }),
          first,
          aUser({ id: taken.id }),
          second,
          aUser({ username: first.username }),
          third,
        ])
        const usernames = [first.username, second.username, third.username].sort()
        assert.deepEqual([...created].sort(), usernames)
        for (const user of [taken, first, second, third]) {
          assert.deepEqual(await other.users.findById(user.id), user)
        }
        assert.deepEqual(await store.users.createMany([first]), [])
        assert.deepEqual(await store.users.createMany([]), [])
        const among = await other.users.takenAmong([...usernames, 'nobody'])
        assert.deepEqual([...among].sort(), usernames)
        assert.deepEqual(await store.users.takenAmong([]), [])
      })

      test('two imports at once create each user once', async () => {
        const users = Array.from({ length: 300 }, () => aUser())
        const created = await Promise.all([
          store.users.createMany(users),
          other.users.createMany(users.map((user) => ({ ...user, id: randomUUID() }))),
        ])
        assert.deepEqual(created.flat().sort(), users.map(({ username }) => username).sort())
      })

      test('a username is taken once, of 20 at the same time (AZ-01)', async () => {
        const { username } = aUser()
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 ? store : other).users.create(aUser({ username })),
          ),
        )
        const refused = results.filter((result) => result.status === 'rejected')
        assert.equal(refused.length, 19)
        for (const { reason } of refused) assert.ok(conflict('username_taken')(reason))
      })

      test('a user changes in what is named, and in nothing else', async () => {
        const user = await add()
        const changed = await store.users.update(user.id, { role: 'editor', active: false })
        assert.deepEqual(changed, { ...user, role: 'editor', active: false })
        assert.deepEqual(await other.users.findById(user.id), changed)
        const back = await store.users.update(user.id, { active: true, passwordHash: null })
        assert.deepEqual(back, { ...user, role: 'editor', passwordHash: null })
      })

      test('users are listed by username, found by a part of it, and paged', async () => {
        const names = ['list_a', 'list_b', 'list%c', 'list\\d', 'xlistx']
        for (const username of names) await add({ username })
        const found = async (search: string) =>
          (await store.users.list({ search, limit: 100 })).map(({ username }) => username)
        assert.deepEqual((await found('list')).toSorted(), names.toSorted())
        // Each is a letter, not a pattern.
        assert.deepEqual(await found('list_'), ['list_a', 'list_b'])
        assert.deepEqual(await found('%'), ['list%c'])
        assert.deepEqual(await found('\\'), ['list\\d'])
        assert.deepEqual(await found("'"), [])

        const paged: string[] = []
        for (let after: string | undefined; ; ) {
          const page = await store.users.list({
            search: 'list',
            limit: 2,
            ...(after !== undefined && { after }),
          })
          paged.push(...page.map(({ username }) => username))
          if (page.length < 2) break
          after = page.at(-1)?.username
        }
        assert.deepEqual(paged, await found('list'))
      })

      test('a part of a username is searched for as it is, not as a pattern', async () => {
        for (const username of ['glob*a', 'glob?b', 'glob[x]c', 'globxd']) await add({ username })
        for (const sign of ['*a', '?b', '[x]', '\\', '%b', '_b']) {
          const users = await store.users.list({ search: `glob${sign}`, limit: 100 })
          assert.deepEqual(
            users.map(({ username }) => username.startsWith(`glob${sign}`)),
            ['*a', '?b', '[x]'].includes(sign) ? [true] : [],
          )
        }
      })

      test('hashes that are not argon2id are found, those of the newest users first', async () => {
        // Ids are in the order of their time; these are of the end of it.
        let users = 0
        const create = async (passwordHash: string | null): Promise<UserRecord> => {
          const user = aUser({ id: `ffffffff-ffff-7fff-bfff-fffffffffff${users++}`, passwordHash })
          await store.users.create(user)
          return user
        }
        const argon2id = '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g'
        const bcrypt = ['a', 'b'].map((text) => `$2b$04$${text.repeat(53)}`)
        const made: UserRecord[] = []
        for (const hash of [bcrypt[0], argon2id, null, bcrypt[1]])
          made.push(await create(hash ?? null))
        assert.deepEqual(await other.users.importedHashes(2), [bcrypt[1], bcrypt[0]])
        assert.deepEqual(await other.users.importedHashes(1), [bcrypt[1]])
        for (const { id } of made) await store.users.remove(id)
        const left = await other.users.importedHashes(2)
        assert.ok(left.every((hash) => !bcrypt.includes(hash)))
      })

      test('the peppers that hashes are under are known, each once (PW-11)', async () => {
        const under = (keyId: string, text: string): string =>
          `$argon2id$v=19$m=8,t=1,p=1${keyId}$c2FsdHNhbHQ$${text}`
        const hashes = [
          ...[under(',keyid=bbbb/+b2', 'one'), under(',keyid=aaaa/+a1', 'two')],
          ...[under(',keyid=bbbb/+b2', 'three'), under('', 'four'), null],
          'pbkdf2_sha256$1000$,keyid=cccccccc$aGFzaA==',
        ]
        const before = await other.users.pepperIds()
        const made: UserRecord[] = []
        for (const passwordHash of hashes) made.push(await add({ passwordHash }))
        assert.deepEqual(await other.users.pepperIds(), [...before, 'aaaa/+a1', 'bbbb/+b2'].sort())
        const [first, second, third] = made.map(({ id }) => id) as [string, string, string]
        await store.users.replacePasswordHash(second, String(hashes[1]), under('', 'five'))
        await store.users.remove(first)
        assert.deepEqual(await other.users.pepperIds(), [...before, 'bbbb/+b2'])
        await store.users.update(third, { passwordHash: null })
        assert.deepEqual(await other.users.pepperIds(), before)
      })

      test('users are counted, all and active, by role', async () => {
        const before = await store.users.counts()
        await add({ role: 'counted' })
        await add({ role: 'counted', active: false })
        const counts = await other.users.counts()
        assert.equal(counts.total, before.total + 2)
        assert.equal(counts.active, before.active + 1)
        assert.equal(counts.byRole.counted, 2)
      })

      test('a role is counted under its name, whatever else the name means', async () => {
        await add({ role: 'constructor' })
        assert.equal((await store.users.counts()).byRole.constructor, 1)
      })

      test('a hash is replaced only if it is the one that was read (PW-04)', async () => {
        const user = await add()
        const { id, passwordHash } = user
        assert.equal(await store.users.replacePasswordHash(id, 'another', 'new'), false)
        assert.equal(await store.users.replacePasswordHash(id, null, 'new'), false)
        assert.deepEqual(await store.users.findById(id), user)
        assert.equal(await store.users.replacePasswordHash(id, String(passwordHash), 'new'), true)
        assert.deepEqual(await store.users.findById(id), { ...user, passwordHash: 'new' })
        const { id: without } = await add({ passwordHash: null })
        assert.equal(await store.users.replacePasswordHash(without, 'another', 'new'), false)
        assert.equal(await store.users.replacePasswordHash(without, null, 'new'), true)
        assert.equal(await store.users.replacePasswordHash(without, null, 'newer'), false)
        const races = await Promise.all(
          ['a', 'b', 'c', 'd'].map((to) => store.users.replacePasswordHash(id, 'new', to)),
        )
        assert.equal(races.filter(Boolean).length, 1)
      })

      test('a renewed stamp goes over to the one session that is kept', async () => {
        const user = await add()
        const [kept, lost] = [aSession(user), aSession(user)]
        const stranger = await add()
        const theirs = aSession(stranger)
        for (const session of [kept, lost, theirs]) await store.sessions.create(session)
        const renewal = (oldSecurityStamp: string, keepSession: string) => ({
          oldSecurityStamp,
          securityStamp: `renewed ${made++}`,
          keepSession,
        })
        const to = renewal(user.securityStamp, kept.id)
        await store.users.replacePasswordHash(user.id, String(user.passwordHash), 'new', to)
        assert.equal((await store.users.findById(user.id))?.securityStamp, to.securityStamp)
        const stampOf = async (id: string) => (await other.sessions.find(id))?.securityStamp
        assert.equal(await stampOf(kept.id), to.securityStamp)
        assert.equal(await stampOf(lost.id), user.securityStamp)

        const next = renewal(to.securityStamp, theirs.id)
        assert.equal(await store.users.replacePasswordHash(user.id, 'new', 'newer', next), true)
        assert.equal(await stampOf(theirs.id), stranger.securityStamp)
        const wrong = renewal(next.securityStamp, lost.id)
        assert.equal(await store.users.replacePasswordHash(user.id, 'not it', 'x', wrong), false)
        assert.equal(await stampOf(lost.id), user.securityStamp)
      })

      test('a session that has ended is not brought back by a renewed stamp', async () => {
        const user = await add()
        const [old, revoked] = [aSession(user), aSession(user)]
        for (const session of [old, revoked]) await store.sessions.create(session)
        await other.users.update(user.id, { securityStamp: 'everywhere' })
        await other.sessions.revoke(revoked.id, now)
        const renewal = (oldSecurityStamp: string, keepSession: string) => ({
          oldSecurityStamp,
          securityStamp: `renewed ${made++}`,
          keepSession,
        })
        const hash = String(user.passwordHash)
        const { users } = store
        // The stamp that was read is gone.
        const late = renewal(user.securityStamp, old.id)
        assert.equal(await users.replacePasswordHash(user.id, hash, 'x', late), false)
        // It was read anew; but the session has the old one.
        const fresh = renewal('everywhere', old.id)
        assert.equal(await users.replacePasswordHash(user.id, hash, 'a', fresh), true)
        assert.equal((await other.sessions.find(old.id))?.securityStamp, user.securityStamp)
        // A revoked one keeps its stamp, even if that is the one that was read.
        await other.users.update(user.id, { securityStamp: user.securityStamp })
        const again = renewal(user.securityStamp, revoked.id)
        assert.equal(await users.replacePasswordHash(user.id, 'a', 'b', again), true)
        assert.deepEqual(await other.sessions.find(revoked.id), { ...revoked, revokedAt: now })
      })

      test('an inactive user gets no new hash with a renewed stamp', async () => {
        const user = await add({ active: false })
        const renewal = { oldSecurityStamp: user.securityStamp, securityStamp: 'renewed' }
        const hash = String(user.passwordHash)
        assert.equal(await store.users.replacePasswordHash(user.id, hash, 'x', renewal), false)
        assert.deepEqual(await other.users.findById(user.id), user)
      })

      test('a removed user is gone, and every session too', async () => {
        const user = await add()
        const session = aSession(user)
        await store.sessions.create(session)
        assert.equal(await store.users.remove(user.id), true)
        assert.equal(await store.users.remove(user.id), false)
        assert.equal(await other.users.findById(user.id), null)
        assert.equal(await other.users.findByUsername(user.username), null)
        assert.equal(await other.sessions.find(session.id), null)
        await store.users.create(aUser({ username: user.username }))
      })
    })

    identitiesContract(() => [store, other], aUser)
    eventsContract(() => [store, other], aUser, aSession)

    describe('the last active user of some roles', () => {
      async function start(...changes: Partial<UserRecord>[]): Promise<UserRecord[]> {
        for (const user of await store.users.list({ limit: 1000 })) {
          if (roles.includes(user.role)) await store.users.remove(user.id)
        }
        return await Promise.all(changes.map((each) => add({ role: 'admin', ...each })))
      }

      test('is neither changed nor removed', async () => {
        const [last, inactive] = await start({}, { active: false, role: 'root' })
        assert.ok(last && inactive)
        const { users } = store
        await assert.rejects(
          users.update(last.id, { active: false }, roles),
          conflict('last_active'),
        )
        await assert.rejects(users.update(last.id, { role: 'x' }, roles), conflict('last_active'))
        await assert.rejects(users.remove(last.id, roles), conflict('last_active'))
        assert.deepEqual(await users.findById(last.id), last)
        assert.equal(await users.remove(inactive.id, roles), true)
      })

      test('may go when there is another one, of any of the roles', async () => {
        const [one, another] = await start({}, { role: 'root' })
        assert.ok(one && another)
        assert.ok(await store.users.update(one.id, { active: false }, roles))
        await assert.rejects(store.users.remove(another.id, roles), conflict('last_active'))
      })

      test('stays when the last two go at the same time', async () => {
        for (let round = 0; round < 10; round++) {
          const [one, another] = await start({}, { role: 'root' })
          assert.ok(one && another)
          const results = await Promise.allSettled([
            store.users.update(one.id, { active: false }, roles),
            round % 2
              ? other.users.remove(another.id, roles)
              : other.users.update(another.id, { role: 'member' }, roles),
          ])
          const refused = results.filter((result) => result.status === 'rejected')
          assert.equal(refused.length, 1)
          assert.ok(conflict('last_active')(refused[0]?.reason))
        }
      })
    })

    describe('sessions', () => {
      const rotation = (session: SessionRecord, changes = {}) => ({
        id: session.id,
        generation: 0,
        clientId: 'client',
        now: now + 10,
        idleSince: now - 100,
        ...changes,
      })

      async function opened(changes: Partial<SessionRecord> = {}) {
        const user = await add()
        const session = aSession(user, changes)
        assert.equal(await store.sessions.create(session), true)
        return { user, session }
      }

      test('a session is read as it was written', async () => {
        for (const changes of [{}, { scopes: [], label: '', address: '' }]) {
          const { session } = await opened(changes)
          assert.deepEqual(await other.sessions.find(session.id), session)
        }
        assert.equal(await store.sessions.find(randomUUID()), null)
      })

      test('none is opened for a user who is inactive, gone, or has another stamp (AZ-08)', async () => {
        const inactive = await add({ active: false })
        const active = await add()
        for (const session of [
          aSession(inactive),
          aSession(aUser()),
          aSession(active, { securityStamp: 'old' }),
        ]) {
          assert.equal(await store.sessions.create(session), false)
          assert.equal(await store.sessions.find(session.id), null)
        }
      })

      test('a rotation moves a live session on by one', async () => {
        const { session } = await opened()
        const rotated = await store.sessions.rotate(rotation(session))
        assert.deepEqual(rotated, { ...session, generation: 1, rotatedAt: now + 10 })
        assert.deepEqual(await other.sessions.find(session.id), rotated)
      })

      test('a rotation of what is not live, or not theirs, changes nothing', async () => {
        const { session, user } = await opened()
        for (const wrong of [
          { generation: 1 },
          { generation: -1 },
          { clientId: 'another' },
          { now: session.expiresAt },
          { idleSince: session.rotatedAt },
          { id: randomUUID() },
        ]) {
          assert.equal(await store.sessions.rotate(rotation(session, wrong)), null)
        }
        await store.users.update(user.id, { active: false })
        assert.equal(await store.sessions.rotate(rotation(session)), null)
        await store.users.update(user.id, { active: true, securityStamp: 'new' })
        assert.equal(await store.sessions.rotate(rotation(session)), null)
        assert.deepEqual(await store.sessions.find(session.id), session)
      })

      test('of 50 rotations at the same time, one moves the session on (SR-04)', async () => {
        for (let round = 0; round < 5; round++) {
          const { session } = await opened()
          const rotated = await Promise.all(
            Array.from({ length: 50 }, (_, index) =>
              (index % 2 ? store : other).sessions.rotate(rotation(session)),
            ),
          )
          assert.equal(rotated.filter((each) => each !== null).length, 1)
          assert.equal((await store.sessions.find(session.id))?.generation, 1)
        }
      })

      test('a revoked session rotates no more, and is revoked once (SR-09)', async () => {
        const { session, user } = await opened()
        assert.equal(await store.sessions.revoke(session.id, now + 1, 'somebody else'), false)
        assert.equal(await store.sessions.revoke(session.id, now + 1, user.id), true)
        assert.equal(await store.sessions.revoke(session.id, now + 2), false)
        assert.equal((await other.sessions.find(session.id))?.revokedAt, now + 1)
        assert.equal(await other.sessions.rotate(rotation(session)), null)
      })

      test('after a revocation that was acknowledged, no rotation succeeds (SR-09, keycloak 51312)', async () => {
        for (let round = 0; round < 10; round++) {
          const { session } = await opened()
          await Promise.all([
            store.sessions.revoke(session.id, now),
            ...[0, 1, 2].map(() => other.sessions.rotate(rotation(session))),
          ])
          const generation = (await store.sessions.find(session.id))?.generation ?? 0
          assert.equal(await other.sessions.rotate(rotation(session, { generation })), null)
        }
      })

      test('the live sessions of a client end in batches, of all its users, and no others', async () => {
        const clientId = 'ending'
        const theirs = [await opened({ clientId }), await opened({ clientId })]
        const { session: ended } = await opened({ clientId })
        await store.sessions.revoke(ended.id, now - 1)
        const { session: another } = await opened()
        const { session: firstParty } = await opened({ clientId: 'first-party' })
        assert.equal(await store.sessions.revokeByClient(clientId, now, 1), 1)
        assert.equal(await other.sessions.revokeByClient(clientId, now, 5), 1)
        assert.equal(await store.sessions.revokeByClient(clientId, now, 5), 0)
        assert.equal(await store.sessions.revokeByClient('first-party', now, 5), 0)
        const endedAt = async (id: string) => (await other.sessions.find(id))?.revokedAt
        for (const { session } of theirs) assert.equal(await endedAt(session.id), now)
        assert.equal(await endedAt(ended.id), now - 1)
        for (const { id } of [another, firstParty]) assert.equal(await endedAt(id), null)
      })

      test('a user has the live sessions, newest first', async () => {
        const user = await add()
        const make = async (changes: Partial<SessionRecord> = {}) => {
          const session = aSession(user, changes)
          await store.sessions.create(session)
          return session.id
        }
        const ids = [await make(), await make()].sort().reverse()
        await make({ expiresAt: now + 5 })
        await make({ rotatedAt: now - 100 })
        await store.sessions.revoke(await make(), now)
        const list = async () =>
          (await other.sessions.listByUser(user.id, now + 5, now - 100)).map(({ id }) => id)
        assert.deepEqual(await list(), ids)
        await store.users.update(user.id, { securityStamp: 'new' })
        assert.deepEqual(await list(), [])
      })

      test('the most recently used sessions are kept, of one user', async () => {
        const { session: theirs } = await opened()
        const user = await add()
        const sessions = [3, 1, 2].map((used) => aSession(user, { rotatedAt: now + used }))
        for (const session of sessions) await store.sessions.create(session)
        await store.sessions.trim(user.id, 2)
        const found = await Promise.all(sessions.map(({ id }) => other.sessions.find(id)))
        assert.deepEqual(
          found.map((session) => session !== null),
          [true, false, true],
        )
        assert.ok(await other.sessions.find(theirs.id))
      })

      test('what ended is pruned in batches, what is live stays (RI-12)', async () => {
        await store.sessions.prune(now + 100_000, now + 100_000, 1_000_000)
        const { session: live } = await opened()
        const { session: expired } = await opened({ expiresAt: now - 1 })
        const { session: idle } = await opened({ rotatedAt: now - 101 })
        const { session: revoked } = await opened()
        await store.sessions.revoke(revoked.id, now - 1)
        const prune = (limit: number) => store.sessions.prune(now, now - 100, limit)
        assert.equal(await prune(2), 2)
        assert.equal(await prune(2), 1)
        assert.equal(await prune(2), 0)
        for (const { id } of [expired, idle, revoked]) {
          assert.equal(await other.sessions.find(id), null)
        }
        assert.ok(await other.sessions.find(live.id))
      })

      test('the subject of a request is the user, with the stamp of a session of theirs', async () => {
        const { user, session } = await opened()
        const { session: theirs } = await opened()
        const stampOf = async (sessionId: string | null) => {
          const subject = await other.findSubject(user.id, sessionId)
          assert.deepEqual(subject?.user, user)
          return subject?.sessionStamp
        }
        assert.equal(await stampOf(session.id), user.securityStamp)
        assert.equal(await stampOf(null), null)
        assert.equal(await stampOf(randomUUID()), null)
        assert.equal(await stampOf(theirs.id), null)
        await store.sessions.revoke(session.id, now)
        assert.equal(await stampOf(session.id), null)
        assert.equal(await store.findSubject(randomUUID(), session.id), null)
      })
    })

    describe('signing keys', () => {
      const aKey = (changes: Partial<SigningKeyRecord> = {}): SigningKeyRecord => ({
        id: randomUUID(),
        algorithm: 'ES256',
        sealedPrivateKey: 'v1.x',
        createdAt: now,
        signsFrom: now,
        verifiesUntil: null,
        ...changes,
      })
      const byId = (keys: readonly SigningKeyRecord[]) =>
        keys.toSorted((a, b) => (a.id < b.id ? -1 : 1))

      /** Deletes all keys, and returns the version of the empty set. */
      async function empty(): Promise<number> {
        const { version, keys } = await store.signingKeys.read()
        const remove = keys.map(({ id }) => id)
        assert.equal(await store.signingKeys.change(version, { put: [], remove }), true)
        return version + 1
      }

      test('a set is read as it was written, with its version', async () => {
        const version = await empty()
        assert.deepEqual(await other.signingKeys.read(), { version, keys: [] })
        const keys = [aKey(), aKey({ algorithm: 'EdDSA', verifiesUntil: now + 5, signsFrom: 0 })]
        await store.signingKeys.change(version, { put: keys, remove: [] })
        const read = await other.signingKeys.read()
        assert.equal(read.version, version + 1)
        assert.deepEqual(byId(read.keys), byId(keys))
        assert.equal(await other.signingKeys.version(), version + 1)
      })

      test('one change adds, replaces and removes', async () => {
        const version = await empty()
        const [kept, changed, removed, added] = [aKey(), aKey(), aKey(), aKey()]
        const { signingKeys } = store
        await signingKeys.change(version, { put: [kept, changed, removed], remove: [] })
        const after = { ...changed, signsFrom: now + 1, verifiesUntil: now + 2 }
        const change = { put: [after, added], remove: [removed.id] }
        assert.equal(await other.signingKeys.change(version + 1, change), true)
        assert.deepEqual(byId((await signingKeys.read()).keys), byId([kept, after, added]))
      })

      test('a change from another version changes nothing', async () => {
        const version = await empty()
        const key = aKey()
        await store.signingKeys.change(version, { put: [key], remove: [] })
        for (const from of [version, version + 2, -1]) {
          const change = { put: [aKey()], remove: [key.id] }
          assert.equal(await other.signingKeys.change(from, change), false)
        }
        assert.deepEqual(await store.signingKeys.read(), { version: version + 1, keys: [key] })
      })

      test('of 20 changes at the same time one is made (KM-04)', async () => {
        for (let round = 0; round < 5; round++) {
          const version = await empty()
          const keys = Array.from({ length: 20 }, () => aKey())
          const changed = await Promise.all(
            keys.map((key, index) =>
              (index % 2 ? store : other).signingKeys.change(version, { put: [key], remove: [] }),
            ),
          )
          assert.equal(changed.filter(Boolean).length, 1)
          const winner = keys[changed.indexOf(true)]
          assert.deepEqual(await store.signingKeys.read(), { version: version + 1, keys: [winner] })
        }
      })

      test('a set is never read half changed, nor under the version of another', async () => {
        const first = await empty()
        // The key of each version is the number of that version.
        const keyOf = (version: number) => aKey({ id: String(version) })
        const changes = (async () => {
          for (let version = first; version < first + 20; version++) {
            const change = { put: [keyOf(version + 1)], remove: [String(version)] }
            assert.equal(await store.signingKeys.change(version, change), true)
          }
        })()
        for (let version = first; version < first + 20; ) {
          const read = await other.signingKeys.read()
          const ids = read.keys.map(({ id }) => id)
          assert.deepEqual(ids, read.version === first ? [] : [String(read.version)])
          version = read.version
          // A store that answers at once would leave no time for the changes to reach the disk.
          await new Promise(setImmediate)
        }
        await changes
      })

      test('the subject of a request says the version of the keys, as it is then', async () => {
        const user = await add()
        const version = await empty()
        const seen = async () => (await other.findSubject(user.id, null))?.keysVersion
        assert.equal(await seen(), version)
        await store.signingKeys.change(version, { put: [aKey()], remove: [] })
        assert.equal(await seen(), version + 1)
      })
    })

    throttleContract(() => [store, other])

    describe('clients', () => {
      let clients = 0
      const aClient = (changes: Partial<ClientRecord> = {}): ClientRecord => ({
        id: `client-${++clients}`,
        name: 'Ünïcødé "app"',
        secretHash: `hash ${clients}`,
        grants: ['password', 'refresh_token'],
        scopes: ['a', 'b:c'],
        introspect: true,
        createdAt: now,
        ...changes,
      })

      test('there are none at first, and then some, in the other process too', async () => {
        assert.equal(await store.clients.isEmpty(), true)
        const client = aClient()
        await store.clients.create(client)
        assert.equal(await other.clients.isEmpty(), false)
        await store.clients.remove(client.id)
        assert.equal(await other.clients.isEmpty(), true)
      })

      test('a client is read as it was written, by id and in the list', async () => {
        for (const changes of [
          {},
          { secretHash: null, introspect: false },
          { scopes: null, grants: [] },
          { scopes: [], id: "!' or 1=1 --~" },
        ]) {
          const client = aClient(changes)
          await store.clients.create(client)
          assert.deepEqual(await other.clients.find(client.id), client)
          const listed = (await other.clients.list()).filter(({ id }) => id === client.id)
          assert.deepEqual(listed, [client])
        }
      })

      test('an id is taken once, of 20 at the same time', async () => {
        const { id } = aClient()
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 ? store : other).clients.create(aClient({ id })),
          ),
        )
        const refused = results.filter((result) => result.status === 'rejected')
        assert.equal(refused.length, 19)
        for (const { reason } of refused) assert.ok(conflict('client_taken')(reason))
      })

      test('an id is compared to the letter', async () => {
        const client = aClient({ id: 'to-the-letter' })
        await store.clients.create(client)
        for (const id of [client.id.toUpperCase(), `${client.id} `, client.id.slice(0, -1), '']) {
          assert.equal(await store.clients.find(id), null)
        }
      })

      test('a secret is replaced, and a public client does not come to have one', async () => {
        const [confidential, open] = [aClient(), aClient({ secretHash: null })]
        for (const client of [confidential, open]) await store.clients.create(client)
        assert.equal(await store.clients.replaceSecretHash(confidential.id, 'new'), true)
        assert.equal(await store.clients.replaceSecretHash(open.id, 'new'), false)
        assert.equal(await store.clients.replaceSecretHash('nobody', 'new'), false)
        const changed = { ...confidential, secretHash: 'new' }
        assert.deepEqual(await other.clients.find(confidential.id), changed)
        assert.deepEqual(await other.clients.find(open.id), open)
      })

      test('a client is changed if it is as it was read, by one of two at the same time', async () => {
        for (const changes of [{}, { secretHash: null, scopes: null, introspect: false }]) {
          const [before, bystander] = [aClient(changes), aClient(changes)]
          for (const client of [before, bystander]) await store.clients.create(client)
          const after = { ...before, name: 'New', grants: [], scopes: ['c'], introspect: false }
          const widened = { ...before, scopes: null, grants: ['password'] }
          const replaced = await Promise.all([
            store.clients.replace(before, after),
            other.clients.replace(before, widened),
          ])
          assert.deepEqual([...replaced].sort(), [false, true])
          const expected = replaced[0] ? after : widened
          assert.deepEqual(await other.clients.find(before.id), expected)
          assert.deepEqual(await store.clients.find(bystander.id), bystander)
          await store.clients.remove(before.id)
          assert.equal(await store.clients.replace(expected, before), false)
        }
      })

      test('a change of a client is stored with its event, or neither (LA-06)', async () => {
        const before = aClient()
        const event: AuthEvent = {
          ...{ id: randomUUID(), type: 'client_updated', at: now, outcome: 'success' },
          clientId: before.id,
        }
        const write = () => store.clients.replace(before, { ...before, name: 'New' }, event)
        assert.equal(await write(), false)
        await store.clients.create(before)
        assert.equal(await write(), true)
        assert.deepEqual(await other.events.list({ clientId: before.id, limit: 10 }), [event])
      })

      test('a removed client is gone, and its id is free', async () => {
        const client = aClient()
        await store.clients.create(client)
        assert.equal(await store.clients.remove(client.id), true)
        assert.equal(await store.clients.remove(client.id), false)
        assert.equal(await other.clients.find(client.id), null)
        await store.clients.create(client)
      })
    })

    test("a request with a client's own token is one read: the client, and the keys' version", async () => {
      const client: ClientRecord = {
        id: 'own',
        name: 'own',
        secretHash: 'hash',
        grants: ['client_credentials'],
        scopes: ['a'],
        introspect: false,
        createdAt: now,
      }
      const { version: keysVersion } = await store.signingKeys.read()
      assert.deepEqual(await other.findClientSubject('own'), {
        client: null,
        keysVersion,
        epoch: '',
      })
      await store.clients.create(client)
      assert.deepEqual(await other.findClientSubject('own'), { client, keysVersion, epoch: '' })
      await store.clients.replaceSecretHash('own', 'new')
      const { client: changed } = await other.findClientSubject('own')
      assert.equal(changed?.secretHash, 'new')
      await store.signingKeys.change(keysVersion, { put: [], remove: [] })
      assert.equal((await other.findClientSubject('own')).keysVersion, keysVersion + 1)
      await store.clients.remove('own')
      assert.equal((await other.findClientSubject('own')).client, null)
    })

    test('a store that is open answers', async () => {
      await store.check()
    })

    // Last: it ends what the other tests have made.
    describe('an end of everything', () => {
      test('every user has the new stamp, every key is gone, the version is a new one, and it is an event (DD-08, LA-06)', async () => {
        const user = await add()
        const session = aSession(user)
        assert.equal(await store.sessions.create(session), true)
        assert.equal(
          (await other.findSubject(user.id, session.id))?.sessionStamp,
          user.securityStamp,
        )
        for (const [instant, version] of [
          [now, now],
          [now, now + 1],
          [now - 5, now + 2],
        ] as const) {
          const event = anEvent({ type: 'sys_restored', actor: `restore ${version}` })
          await store.revokeAll(`new stamp ${version}`, instant, event)
          const { type, actor = '' } = event
          assert.deepEqual(await other.events.list({ type, actor, limit: 9 }), [event])
          assert.deepEqual(await other.signingKeys.read(), { version, keys: [] })
          const subject = await other.findSubject(user.id, session.id)
          assert.equal(subject?.user.securityStamp, `new stamp ${version}`)
          assert.equal(subject.sessionStamp, session.securityStamp, 'an old stamp')
          assert.equal(subject.keysVersion, version)
          assert.equal((await other.findClientSubject('none')).epoch, `new stamp ${version}`)
        }
      })
    })
  })
}
