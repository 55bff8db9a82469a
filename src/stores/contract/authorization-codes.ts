import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { AuthorizationCodeRecord } from '../../core/authorization/authorization-code-store.ts'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { type Having, testsOf } from './optional.ts'
import {
  aBrowserSession,
  aChildOf,
  aClient,
  aCode,
  addUser,
  anEvent,
  answersOf,
  aSession,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

type Store = Having<'authorizationCodes'>

/** A code as a store has it, with the browser session that it was made in. */
interface Made {
  readonly user: UserRecord
  readonly browser: SessionRecord
  readonly code: AuthorizationCodeRecord
}

/** What a store keeps of authorization codes. */
export function authorizationCodesContract(stores: Stores): void {
  describe('authorization codes', () => {
    const test = testsOf(stores, 'authorizationCodes')

    async function made(
      store: Store,
      changes: Partial<AuthorizationCodeRecord> = {},
    ): Promise<Made> {
      const user = await addUser(store)
      const browser = aBrowserSession(user)
      assert.equal(await store.sessions.create(browser), true)
      const code = aCode(browser, changes)
      assert.equal(await store.authorizationCodes.create(code), true)
      return { user, browser, code }
    }

    test('a code is read as it was written, by its digest alone', async ([store, other]) => {
      const none = { scopes: [], amr: [], nonce: null, codeChallenge: null }
      for (const changes of [
        {},
        none,
        { redirectUri: `https://ünï.example/'"?a=%20&b`, nonce: 'n'.repeat(512) },
        { createdAt: 2 ** 31, expiresAt: 2 ** 40, authenticatedAt: 2 ** 40 - 1 },
        { digest: `Digest-${randomUUID()}`, usedAt: now, openedSessionId: randomUUID() },
      ]) {
        const browser = aBrowserSession(await addUser(store), { expiresAt: 2 ** 41 })
        await store.sessions.create(browser)
        const code = aCode(browser, changes)
        assert.equal(await store.authorizationCodes.create(code), true)
        assert.deepEqual(await other.authorizationCodes.find(code.digest), code)
        for (const digest of [code.digest.toUpperCase(), `${code.digest} `, '']) {
          assert.equal(await other.authorizationCodes.find(digest), null)
        }
      }
    })

    test('no code is made unless the browser session and the user are as it says', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const browser = aBrowserSession(user)
      const [ended, old] = [aBrowserSession(user), aBrowserSession(user, { expiresAt: now })]
      for (const each of [browser, ended, old]) await store.sessions.create(each)
      await store.sessions.revoke(ended.id, now)
      const refuse = async (code: AuthorizationCodeRecord) => {
        assert.equal(await store.authorizationCodes.create(code), false)
        assert.equal(await other.authorizationCodes.find(code.digest), null)
      }
      for (const code of [
        ...[aCode(ended), aCode(old), aCode(aBrowserSession(user))],
        aCode(browser, { securityStamp: 'another' }),
        aCode(browser, { userId: (await addUser(store)).id }),
      ]) {
        await refuse(code)
      }
      await store.users.update(user.id, { active: false })
      await refuse(aCode(browser))
      await store.users.update(user.id, { active: true, securityStamp: 'new' })
      await refuse(aCode(browser))
      await refuse(aCode(browser, { securityStamp: 'new' }))
    })

    test('a code is exchanged for the session that it opens, with its event', async ([
      store,
      other,
    ]) => {
      const { user, browser, code } = await made(store)
      const { code: bystander } = await made(store)
      const session = aChildOf(browser)
      const event = anEvent({ userId: user.id })
      const exchange = { digest: code.digest, now: now + 59, session }
      assert.equal(await store.authorizationCodes.exchange(exchange, event), true)
      assert.deepEqual(await other.sessions.find(session.id), session)
      const used = { ...code, usedAt: now + 59, openedSessionId: session.id }
      assert.deepEqual(await other.authorizationCodes.find(code.digest), used)
      assert.deepEqual(await other.authorizationCodes.find(bystander.digest), bystander)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
    })

    test('a code that is not live is exchanged for nothing, and nothing is changed (OP-09)', async ([
      store,
      other,
    ]) => {
      const event = anEvent({ type: 'authn_login_success' })
      const refuse = async ({ browser, code }: Made, at = now) => {
        const session = aChildOf(browser)
        const exchange = { digest: code.digest, now: at, session }
        assert.equal(await store.authorizationCodes.exchange(exchange, event), false)
        assert.deepEqual(await other.authorizationCodes.find(code.digest), code)
        assert.equal(await other.sessions.find(session.id), null)
      }
      const expired = await made(store)
      await refuse(expired, expired.code.expiresAt)
      const unknown = await made(store)
      const session = aChildOf(unknown.browser)
      const exchange = { digest: randomUUID(), now, session }
      assert.equal(await store.authorizationCodes.exchange(exchange, event), false)
      await refuse(await made(store, { usedAt: now - 1, openedSessionId: 'before' }))
      const ended = await made(store)
      await store.sessions.revoke(ended.browser.id, now)
      await refuse(ended)
      const old = await made(store, { expiresAt: now + 5000 })
      await refuse(old, old.browser.expiresAt)
      for (const changes of [{ active: false }, { securityStamp: 'new' }]) {
        const changed = await made(store)
        await store.users.update(changed.user.id, changes)
        await refuse(changed)
      }
      const { type } = event
      const found = await other.events.list({ type, limit: 1000 })
      assert.ok(!found.some(({ id }) => id === event.id))
    })

    test('a code stays good if the session that it would open is refused', async ([
      store,
      other,
    ]) => {
      const { user, browser, code } = await made(store)
      const { digest } = code
      for (const session of [
        aChildOf(browser, { securityStamp: 'another' }),
        aChildOf(browser, { parentId: randomUUID() }),
      ]) {
        const event = anEvent({ userId: user.id })
        assert.equal(
          await store.authorizationCodes.exchange({ digest, now, session }, event),
          false,
        )
        assert.deepEqual(await other.authorizationCodes.find(digest), code)
      }
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      const session = aChildOf(browser)
      assert.equal(await other.authorizationCodes.exchange({ digest, now, session }), true)
    })

    test('of 50 exchanges at the same time one opens its session (OP-12)', async ([
      store,
      other,
    ]) => {
      for (let round = 0; round < 5; round++) {
        const { user, browser, code } = await made(store)
        const sessions = Array.from({ length: 50 }, () => aChildOf(browser))
        const results = await fiftyAtOnce([store, other], ({ authorizationCodes }, index) =>
          authorizationCodes.exchange(
            { digest: code.digest, now, session: sessions[index] as SessionRecord },
            anEvent({ userId: user.id }),
          ),
        )
        const won = answersOf(results).flatMap((isOne, index) => (isOne ? [sessions[index]] : []))
        assert.equal(won.length, 1)
        assert.deepEqual(await other.sessions.listChildren(browser.id, 'client', now), won)
        const { openedSessionId } = (await other.authorizationCodes.find(code.digest)) ?? {}
        assert.equal(openedSessionId, won[0]?.id)
        assert.equal((await other.events.list({ userId: user.id, limit: 9 })).length, 1)
      }
    })

    test('a code goes on with a session of its client, which then is as the code says', async ([
      store,
      other,
    ]) => {
      const { browser, code } = await made(store)
      const child = aChildOf(browser)
      await store.sessions.create(child)
      const { digest, scopes, authenticatedAt, acr, amr } = code
      const exchange = { digest, now: now + 9, session: child.id }
      assert.equal(await store.authorizationCodes.exchange(exchange), true)
      const gone = { ...child, scopes, authenticatedAt, acr, amr, rotatedAt: now + 9 }
      assert.deepEqual(await other.sessions.find(child.id), gone)
      const used = { ...code, usedAt: now + 9, openedSessionId: child.id }
      assert.deepEqual(await other.authorizationCodes.find(digest), used)
      assert.equal(await store.authorizationCodes.exchange(exchange), false, 'once')
    })

    test('a code goes on with no session that is not live, or not of its client and browser', async ([
      store,
      other,
    ]) => {
      const { user, browser, code } = await made(store)
      const another = aBrowserSession(user)
      await store.sessions.create(another)
      const ended = aChildOf(browser)
      const sessions = [
        ...[ended, aChildOf(browser, { expiresAt: now }), aChildOf(another), aSession(user)],
        aChildOf(browser, { clientId: 'another' }),
      ]
      for (const session of sessions) await store.sessions.create(session)
      await store.sessions.revoke(ended.id, now - 1)
      for (const { id } of [...sessions, browser, aSession(user)]) {
        const before = await store.sessions.find(id)
        const exchange = { digest: code.digest, now, session: id }
        assert.equal(await store.authorizationCodes.exchange(exchange), false)
        assert.deepEqual(await other.sessions.find(id), before)
        assert.deepEqual(await other.authorizationCodes.find(code.digest), code)
      }
    })

    test('of exchanges while the browser session ends, none leaves a live session', async ([
      store,
      other,
    ]) => {
      for (let round = 0; round < 10; round++) {
        const { browser, code } = await made(store)
        const kept = aChildOf(browser)
        await store.sessions.create(kept)
        const second = aCode(browser)
        await store.authorizationCodes.create(second)
        const session = aChildOf(browser)
        const exchanges = [
          { digest: code.digest, now, session },
          { digest: second.digest, now, session: kept.id },
        ]
        const end = () => store.sessions.revoke(browser.id, now, { withChildren: true })
        const work = exchanges.map(
          (exchange) => () => other.authorizationCodes.exchange(exchange) as Promise<unknown>,
        )
        work.splice(round % 3, 0, end)
        await Promise.all(work.map((each) => each()))
        for (const { id } of [session, kept]) {
          const found = await other.sessions.find(id)
          assert.ok(found === null || found.revokedAt === now)
        }
      }
    })

    test('codes go with their user, and with a client that is removed', async ([store, other]) => {
      const client = aClient()
      await store.clients.create(client)
      const [gone, stays, theirs] = [
        await made(store),
        await made(store),
        await made(store, { clientId: client.id }),
      ]
      await store.users.remove(gone.user.id)
      assert.equal(await store.clients.remove(client.id), true)
      for (const { code } of [gone, theirs]) {
        assert.equal(await other.authorizationCodes.find(code.digest), null)
      }
      assert.deepEqual(await other.authorizationCodes.find(stays.code.digest), stays.code)
      const again = await made(store, { clientId: client.id })
      assert.equal(await store.clients.remove(client.id), false)
      assert.ok(await other.authorizationCodes.find(again.code.digest), 'of no client to remove')
    })

    test('pruning deletes the codes that expired before, used or not, so many at most', async ([
      store,
    ]) => {
      await store.authorizationCodes.prune(now + 10_000, 1_000_000)
      const browser = aBrowserSession(await addUser(store), { expiresAt: 2 ** 40 })
      await store.sessions.create(browser)
      const old = [1, 2, 3].map((expiresAt) => aCode(browser, { expiresAt, usedAt: 1 }))
      const young = aCode(browser, { expiresAt: 4 })
      for (const each of [...old, young]) await store.authorizationCodes.create(each)
      const prune = () => store.authorizationCodes.prune(4, 2)
      assert.deepEqual([await prune(), await prune(), await prune()], [2, 1, 0])
      assert.deepEqual(await store.authorizationCodes.find(young.digest), young)
    })
  })
}
