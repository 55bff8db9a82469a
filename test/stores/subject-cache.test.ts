import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Subject } from '../../src/core/sessions/session-store.ts'
import { aUser } from '../../src/stores/contract/records.ts'
import { createSubjectCache, type SubjectCache } from '../../src/stores/subject-cache.ts'

const user = aUser()
const subject: Subject = { user, sessionStamp: user.securityStamp, keysVersion: 1 }

interface Bench {
  readonly cache: SubjectCache
  /** The reads that wait for their answer. */
  readonly reads: ((subject: Subject | null) => void)[]
  isCurrent: boolean
}

function createBench(): Bench {
  const reads: Bench['reads'] = []
  const bench: Bench = {
    reads,
    isCurrent: true,
    cache: createSubjectCache(
      () => new Promise((resolve) => reads.push(resolve)),
      () => bench.isCurrent,
    ),
  }
  return bench
}

/** Asks, and answers the read that comes of it. */
async function fill({ cache, reads }: Bench, session: string | null = 's', answer = subject) {
  const asked = cache.findSubject(user.id, session)
  reads.pop()?.(answer)
  assert.deepEqual(await asked, answer)
}

const isKept = ({ cache }: Bench, session: string | null = 's'): boolean =>
  !(cache.findSubject(user.id, session) instanceof Promise)

test('an answer is kept for its user and session', async () => {
  const bench = createBench()
  await fill(bench)
  assert.deepEqual(bench.cache.findSubject(user.id, 's'), subject)
  assert.equal(isKept(bench, 'other'), false)
  assert.equal(isKept(bench, null), false)
  assert.equal(bench.cache.findSubject('somebody else', 's') instanceof Promise, true)
})

test('it counts how often it had the answer, and how often it did not', async () => {
  const bench = createBench()
  await fill(bench)
  bench.cache.findSubject(user.id, 's')
  bench.cache.findSubject(user.id, 's')
  assert.deepEqual(bench.cache.counts, { hits: 2, misses: 1 })
  bench.isCurrent = false
  await fill(bench)
  assert.deepEqual(bench.cache.counts, { hits: 2, misses: 2 })
})

test('of more users than it may keep it has those that were asked for last', async () => {
  const cache = createSubjectCache(
    (id) => ({ ...subject, user: aUser({ id }) }),
    () => true,
    2,
  )
  const ask = (...ids: readonly string[]) => ids.map((id) => cache.findSubject(id, 's'))
  ask('one', 'two', 'one', 'three')
  assert.equal(cache.size(), 2)
  assert.deepEqual(cache.counts, { hits: 1, misses: 3 })
  ask('one', 'three', 'two')
  assert.deepEqual(cache.counts, { hits: 3, misses: 4 })
})

test('a dropped user is read again, for every session, and other users are not', async () => {
  const bench = createBench()
  await fill(bench)
  await fill(bench, null)
  bench.cache.drop('somebody else')
  assert.equal(isKept(bench), true)
  bench.cache.drop(user.id)
  assert.equal(isKept(bench), false)
  assert.equal(isKept(bench, null), false)
})

test('an answer that was read before a change and comes after it is not kept', async () => {
  for (const change of ['drop', 'clear'] as const) {
    const bench = createBench()
    const asked = bench.cache.findSubject(user.id, 's')
    bench.cache[change](user.id)
    bench.reads.pop()?.(subject)
    assert.deepEqual(await asked, subject, 'it is an answer nevertheless')
    assert.equal(isKept(bench), false)
  }
})

test('nor is it if another read has begun since', async () => {
  const bench = createBench()
  const before = bench.cache.findSubject(user.id, 's')
  bench.cache.drop(user.id)
  const changed = { ...subject, user: { ...user, role: 'changed' } }
  const after = bench.cache.findSubject(user.id, 's')
  bench.reads[1]?.(changed)
  await after
  bench.reads[0]?.(subject)
  await before
  assert.deepEqual(bench.cache.findSubject(user.id, 's'), changed)
})

test('two requests at the same time are two reads', () => {
  const bench = createBench()
  void bench.cache.findSubject(user.id, 's')
  void bench.cache.findSubject(user.id, 's')
  assert.equal(bench.reads.length, 2)
})

test('while the cache may be old nothing is answered from it', async () => {
  const bench = createBench()
  await fill(bench)
  bench.isCurrent = false
  assert.equal(isKept(bench), false)
  bench.isCurrent = true
  assert.equal(isKept(bench), true)
})

test('a refusal is not kept: a missing user may be created', async () => {
  const bench = createBench()
  const asked = bench.cache.findSubject(user.id, 's')
  bench.reads.pop()?.(null)
  assert.equal(await asked, null)
  assert.equal(isKept(bench), false)
  await fill(bench, 's', { ...subject, sessionStamp: null })
  assert.equal(isKept(bench), false)
  await fill(bench, null, { ...subject, sessionStamp: null })
  assert.equal(isKept(bench, null), true, 'no session was asked for')
})

test('a read that fails is told, and tried again', async () => {
  let fails = true
  const cache = createSubjectCache(
    async () => {
      if (fails) throw new Error('gone')
      return subject
    },
    () => true,
  )
  await assert.rejects(async () => cache.findSubject(user.id, 's'), /gone/)
  fails = false
  assert.deepEqual(await cache.findSubject(user.id, 's'), subject)
})

test('whatever a subject holds is kept, and nobody changes it', async () => {
  const bench = createBench()
  const more = { ...subject, version: 7 }
  await fill(bench, 's', more)
  const kept = bench.cache.findSubject(user.id, 's') as Subject
  assert.deepEqual(kept, more)
  assert.throws(() => Object.assign(kept, { sessionStamp: 'x' }), TypeError)
  assert.throws(() => Object.assign(kept.user, { role: 'admin' }), TypeError)
})

test('a user with ever new sessions does not fill the memory', async () => {
  const bench = createBench()
  for (let session = 0; session < 1000; session++) await fill(bench, `s${session}`)
  let kept = 0
  for (let session = 0; session < 1000; session++) if (isKept(bench, `s${session}`)) kept++
  assert.ok(kept >= 1 && kept <= 100, String(kept))
})
