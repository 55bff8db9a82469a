import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessTokenMaxLifetime } from '../../../src/core/auth-options.ts'
import { clockTolerance } from '../../../src/core/clock.ts'
import type { SigningKeyRecord } from '../../../src/core/keys/key-store.ts'
import {
  activeOf,
  inOrder,
  isRotationInterval,
  jwksMaxAge,
  publicationLead,
  retentionOf,
  settle,
  stateOf,
} from '../../../src/core/keys/lifecycle.ts'

const now = 1_800_000_000
const retention = retentionOf(900)

function aKey(id: string, signsFrom: number, verifiesUntil: number | null = null) {
  return {
    ...{ id, signsFrom, verifiesUntil },
    ...{ algorithm: 'ES256', sealedPrivateKey: 'v1.x', createdAt: signsFrom },
  } satisfies SigningKeyRecord
}

const endsOf = (keys: readonly SigningKeyRecord[]) =>
  Object.fromEntries(keys.map(({ id, verifiesUntil }) => [id, verifiesUntil]))

test('a key is next, then active, then retiring, then dead, and never two are active (KM-01)', () => {
  const line = settle(
    [aKey('a', now), aKey('b', now + 1000), aKey('c', now + 9000)],
    now,
    retention,
  )
  const statesAt = (seconds: number) => line.map((key) => stateOf(key, line, now + seconds))
  assert.deepEqual(statesAt(0), ['active', 'next', 'next'])
  assert.deepEqual(statesAt(999), ['active', 'next', 'next'])
  assert.deepEqual(statesAt(1000), ['retiring', 'active', 'next'])
  assert.deepEqual(statesAt(999 + retention), ['retiring', 'active', 'next'])
  assert.deepEqual(statesAt(1000 + retention), ['dead', 'active', 'next'])
  assert.deepEqual(statesAt(1e9), ['dead', 'dead', 'active'])
})

test('a key is published for longer than the JWK Set is kept, and outlives its last token (KM-02)', () => {
  assert.ok(publicationLead > jwksMaxAge)
  assert.equal(retention, 900 + clockTolerance + jwksMaxAge)
  // So every token from before the publication has expired when its key stops signing.
  assert.ok(publicationLead >= accessTokenMaxLifetime)
})

test('every key but the newest has an end, a retention after its successor signs', () => {
  const keys = [aKey('b', now + 10), aKey('a', now - 10)]
  assert.deepEqual(endsOf(settle(keys, now, retention)), { a: now + 10 + retention, b: null })
})

test('an end that is known stays, whatever the lifetime is now; one that is ahead moves only back', () => {
  const begun = [aKey('a', now - 20, now + 5), aKey('b', now - 10)]
  assert.deepEqual(endsOf(settle(begun, now, retention)), { a: now + 5, b: null })
  const ahead = (end: number) => [aKey('a', now - 20, end), aKey('b', now + 10)]
  assert.equal(endsOf(settle(ahead(now + 5), now, retention)).a, now + 10 + retention)
  assert.equal(endsOf(settle(ahead(now + 1e6), now, retention)).a, now + 1e6)
})

test('a key without an end, whose successor has signed for long, gets one from now on', () => {
  const keys = [aKey('a', now - 1e6), aKey('b', now - 1e5)]
  assert.deepEqual(endsOf(settle(keys, now, retention)), { a: now + retention, b: null })
})

test('the newest has no end, also if it had one for a successor that is gone', () => {
  assert.deepEqual(endsOf(settle([aKey('a', now - 10, now + 5)], now, retention)), { a: null })
})

test('of keys of one second, the one without an end is the newest', () => {
  const keys = [aKey('new', now), aKey('old', now, now + 5)]
  assert.deepEqual(
    inOrder(keys).map(({ id }) => id),
    ['old', 'new'],
  )
  assert.equal(activeOf(inOrder(keys), now)?.id, 'new')
})

test('before the first key begins, on a clock that is behind, it signs', () => {
  const line = [aKey('a', now, now + 50), aKey('b', now + 10)]
  assert.equal(activeOf(line, now - 5)?.id, 'a')
  assert.equal(stateOf(line[0] as SigningKeyRecord, line, now - 5), 'active')
  assert.equal(activeOf([], now), undefined)
})

test('keys rotate once a day at most, or never', () => {
  for (const good of [0, 86400, 7776000]) assert.equal(isRotationInterval(good), true)
  for (const bad of [-1, 1, 86399, 86400.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(isRotationInterval(bad), false)
  }
})
