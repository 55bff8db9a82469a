import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { OneTimeTokenRecord, OneTimeTokenStore } from '../../core/mail/one-time-token-store.ts'
import { testsOf } from './optional.ts'
import { readPages } from './pages.ts'
import { addUser, answersOf, aToken, aTokenOf, fiftyAtOnce, now, type Stores } from './records.ts'

/** What a store keeps of links and codes that are used once. */
export function oneTimeTokensContract(stores: Stores): void {
  describe('one-time tokens', () => {
    const test = testsOf(stores, 'oneTimeTokens')

    test('a token is read as it was written, by its digest and its subject', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      for (const token of [
        aToken(),
        aToken({ kind: 'invitation', addressDigest: 'ünïcødé "', payload: 'x'.repeat(4096) }),
        aTokenOf(user, { createdAt: 2 ** 40, expiresAt: 2 ** 40 + 1, tries: 2 }),
      ]) {
        assert.equal(await store.oneTimeTokens.put(token), true)
        assert.deepEqual(await other.oneTimeTokens.find(token.digest, now), token)
        const { kind, subject } = token
        assert.deepEqual(await other.oneTimeTokens.findBySubject(kind, subject, now), token)
      }
    })

    test('a digest, a kind and a subject are compared to the letter', async ([store]) => {
      const token = aToken({ digest: `digest-${randomUUID()}`, subject: `Subject-${randomUUID()}` })
      await store.oneTimeTokens.put(token)
      const { digest, kind, subject } = token
      for (const other of [digest.toUpperCase(), `${digest} `, digest.slice(1), '']) {
        assert.equal(await store.oneTimeTokens.find(other, now), null)
      }
      assert.equal(await store.oneTimeTokens.findBySubject(kind, subject.toUpperCase(), now), null)
      assert.equal(await store.oneTimeTokens.findBySubject('invitation', subject, now), null)
    })

    test('a token is live until the second that it expires in, and to be listed after that', async ([
      store,
    ]) => {
      const token = aToken({ addressDigest: randomUUID(), expiresAt: now + 10 })
      await store.oneTimeTokens.put(token)
      assert.deepEqual(await liveness(store, token, now + 9), [true, true, true, true])
      assert.deepEqual(await liveness(store, token, now + 10), [false, false, false, false])
      const [listed] = await store.oneTimeTokens.list({
        ...{ kind: token.kind, limit: 1 },
        after: token.subject.slice(0, -1),
      })
      assert.deepEqual(listed, { ...token, tries: 1 }, 'nor is a try counted that comes too late')
    })

    test('a token ends with the stamp of its user, and with the user (AC-33)', async ([store]) => {
      for (const changes of [{ securityStamp: 'another' }, { active: false }]) {
        const user = await addUser(store)
        const token = aTokenOf(user, { addressDigest: randomUUID() })
        await store.oneTimeTokens.put(token)
        await store.users.update(user.id, { role: 'x' })
        assert.deepEqual(await liveness(store, token, now), [true, true, true, true])
        await store.users.update(user.id, changes)
        assert.deepEqual(await liveness(store, token, now), [false, false, false, false])
      }
      const user = await addUser(store)
      const [token, theirs] = [aTokenOf(user), aTokenOf(await addUser(store))]
      for (const each of [token, theirs]) await store.oneTimeTokens.put(each)
      await store.users.remove(user.id)
      assert.equal(await store.oneTimeTokens.end(token.kind, token.subject), false, 'it is gone')
      assert.deepEqual(await store.oneTimeTokens.find(theirs.digest, now), theirs)
    })

    test('a token whose user is gone, inactive or has another stamp is not stored', async ([
      store,
      other,
    ]) => {
      const [user, inactive] = [await addUser(store), await addUser(store, { active: false })]
      const before = aTokenOf(user)
      assert.equal(await store.oneTimeTokens.put(before), true)
      for (const token of [
        aTokenOf(user, { securityStamp: 'another' }),
        aTokenOf(user, { securityStamp: null }),
        aTokenOf(inactive),
        aTokenOf({ ...user, id: randomUUID() }),
      ]) {
        assert.equal(await store.oneTimeTokens.put(token), false)
        assert.equal(await other.oneTimeTokens.find(token.digest, now), null)
      }
      assert.deepEqual(await other.oneTimeTokens.find(before.digest, now), before)
      await store.users.update(user.id, { securityStamp: 'new' })
      assert.equal(await store.oneTimeTokens.put(before), false, 'it was stored, and has ended')
    })

    test('a token takes the place of the one of its kind and subject, and of no other', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const first = aToken({ tries: 3, addressDigest: 'address' })
      const { subject } = first
      const bystanders = [aToken({ kind: 'invitation', subject }), aToken()]
      for (const each of [first, ...bystanders]) await store.oneTimeTokens.put(each)
      const second = aTokenOf(user, { kind: first.kind, subject, createdAt: now + 1 })
      assert.equal(await store.oneTimeTokens.put(second), true)
      assert.equal(await other.oneTimeTokens.find(first.digest, now), null)
      assert.deepEqual(await other.oneTimeTokens.findBySubject(first.kind, subject, now), second)
      for (const each of bystanders) {
        assert.deepEqual(await other.oneTimeTokens.find(each.digest, now), each)
      }
    })

    test('the same token once more stays as it is, with its tries', async ([store, other]) => {
      const token = aToken()
      await store.oneTimeTokens.put(token)
      await store.oneTimeTokens.countTry(token.kind, token.subject, 5, now)
      const again = { ...token, payload: 'another', createdAt: now + 5, expiresAt: now + 5000 }
      assert.equal(await other.oneTimeTokens.put(again), true)
      assert.deepEqual(await store.oneTimeTokens.find(token.digest, now), { ...token, tries: 1 })
    })

    test('of 50 for one subject at the same time one stays; the same 50 times is one', async ([
      store,
      other,
    ]) => {
      const [{ kind, subject }, same] = [aToken(), aToken()]
      const tokens = Array.from({ length: 50 }, () => aToken({ kind, subject }))
      const put = await fiftyAtOnce([store, other], (each, index) =>
        each.oneTimeTokens.put(tokens[index] ?? same),
      )
      assert.deepEqual(new Set(answersOf(put)), new Set([true]))
      const found = await Promise.all(
        tokens.map(({ digest }) => store.oneTimeTokens.find(digest, now)),
      )
      assert.equal(found.filter((token) => token !== null).length, 1)
      const again = await fiftyAtOnce([store, other], (each) => each.oneTimeTokens.put(same))
      assert.deepEqual(new Set(answersOf(again)), new Set([true]))
      assert.deepEqual(await other.oneTimeTokens.find(same.digest, now), same)
    })

    test('the live tokens of a kind are found by their address', async ([store, other]) => {
      const addressDigest = randomUUID()
      const tokens = [aToken({ addressDigest }), aToken({ addressDigest })]
      for (const each of [
        ...[...tokens, aToken({ addressDigest, kind: 'invitation' })],
        ...[aToken({ addressDigest, expiresAt: now }), aToken({ addressDigest: 'other' })],
      ]) {
        await store.oneTimeTokens.put(each)
      }
      const found = await other.oneTimeTokens.findByAddress('registration', addressDigest, now)
      assert.deepEqual(bySubject(found), bySubject(tokens))
    })

    test('of 50 tries at the same time as many are let through as may be', async ([
      store,
      other,
    ]) => {
      const token = aToken()
      const { kind, subject } = token
      const bystander = aToken({ kind: 'invitation', subject })
      for (const each of [token, bystander]) await store.oneTimeTokens.put(each)
      const results = await fiftyAtOnce([store, other], (each) =>
        each.oneTimeTokens.countTry(kind, subject, 5, now),
      )
      const through = answersOf(results).filter((each) => each !== null)
      const numbers = through.map(({ tries }) => tries).toSorted()
      assert.deepEqual(numbers, [1, 2, 3, 4, 5])
      assert.deepEqual(through[0], { ...token, tries: through[0]?.tries })
      assert.deepEqual(await other.oneTimeTokens.find(token.digest, now), { ...token, tries: 5 })
      assert.deepEqual(await other.oneTimeTokens.find(bystander.digest, now), bystander)
      assert.equal(await store.oneTimeTokens.countTry(kind, subject, 5, now), null)
      assert.equal((await store.oneTimeTokens.countTry(kind, subject, 6, now))?.tries, 6)
      assert.equal(await store.oneTimeTokens.countTry(kind, randomUUID(), 5, now), null)
    })

    test('a token is ended once, of 50 at the same time, and no other', async ([store, other]) => {
      const token = aToken()
      const { kind, subject } = token
      const bystanders = [aToken({ kind: 'invitation', subject }), aToken()]
      for (const each of [token, ...bystanders]) await store.oneTimeTokens.put(each)
      const ended = await fiftyAtOnce([store, other], (each) =>
        each.oneTimeTokens.end(kind, subject),
      )
      assert.equal(answersOf(ended).filter(Boolean).length, 1)
      assert.equal(await other.oneTimeTokens.find(token.digest, now), null)
      for (const each of bystanders) {
        assert.deepEqual(await other.oneTimeTokens.find(each.digest, now), each)
      }
    })

    test('tokens of a kind are listed by subject, page by page, expired ones too', async ([
      store,
    ]) => {
      const subjects = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${letter}${randomUUID()}`)
      // Of no other test.
      const kind = 'email_restore'
      const tokens = subjects.map((subject) => aToken({ kind, subject, expiresAt: now - 1 }))
      for (const each of [...tokens].reverse()) await store.oneTimeTokens.put(each)
      await store.oneTimeTokens.put(aToken({ subject: subjects[0] as string }))
      const listed = await readPages<OneTimeTokenRecord>({ limit: 2, items: 5 }, (after) =>
        store.oneTimeTokens.list({ kind, limit: 2, ...(after && { after: after.subject }) }),
      )
      assert.deepEqual(listed, tokens)
    })

    test('pruning deletes what expired before, so many at most', async ([store]) => {
      const old = [1, 2, 3].map((expiresAt) => aToken({ expiresAt }))
      const young = aToken({ expiresAt: 4 })
      for (const each of [...old, young]) await store.oneTimeTokens.put(each)
      assert.equal(await store.oneTimeTokens.prune(4, 2), 2)
      assert.equal(await store.oneTimeTokens.prune(4, 2), 1)
      assert.equal(await store.oneTimeTokens.prune(4, 2), 0)
      assert.deepEqual(await store.oneTimeTokens.find(young.digest, 3), young)
    })
  })
}

/** Whether each way to a token finds it: by digest, subject and address, and for a try. */
async function liveness(
  { oneTimeTokens }: { readonly oneTimeTokens: OneTimeTokenStore },
  { digest, kind, subject, addressDigest }: OneTimeTokenRecord,
  at: number,
): Promise<readonly boolean[]> {
  const byAddress = await oneTimeTokens.findByAddress(kind, addressDigest ?? '', at)
  return [
    (await oneTimeTokens.find(digest, at)) !== null,
    (await oneTimeTokens.findBySubject(kind, subject, at)) !== null,
    byAddress.length === 1,
    (await oneTimeTokens.countTry(kind, subject, 9, at)) !== null,
  ]
}

function bySubject(tokens: readonly OneTimeTokenRecord[]): readonly OneTimeTokenRecord[] {
  return tokens.toSorted((one, other) => (one.subject < other.subject ? -1 : 1))
}
