import assert from 'node:assert/strict'
import { test } from 'node:test'
import type * as jose from 'jose'
import { readVectors } from '../../wycheproof.ts'
import { judge, keyOf } from './signature-judge.ts'

// Vectors of Project Wycheproof. Their payloads are no claims, so our verifier refuses every one of
// them in the end, the valid ones for what they say. What tells the two apart is the signature: an
// invalid vector must be refused without any signature having been found right, and a valid one
// only after that.

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly jws: unknown
  readonly result: 'valid' | 'invalid'
}

interface Group {
  readonly comment: string
  readonly public?: jose.JWK
  readonly private: jose.JWK
  readonly tests: readonly Vector[]
}

const { groups, skip } = readVectors<Group>('json_web_signature_test.json')

// Vectors whose expectation is not ours, and why.
const stricter = 'valid there, refused here'
const exceptions = new Map([
  [346, `${stricter}: the key is for PS256 and the token says PS384 (JW-02)`],
  [350, `${stricter}: the key is for PS256 and the token says PS384 (JW-02)`],
  [372, `${stricter}: there is a "?" in the header (JW-08)`],
  [373, `${stricter}: there is a "?" in the payload (JW-08)`],
])
// Called invalid for their padding, which the published file has lost: each is the token of 357.
const mislabelled = new Set([367, 370])

test('the vectors of Project Wycheproof are there', { skip }, () => {
  assert.equal(groups.flatMap(({ tests }) => tests).length, 401)
  const vectors = groups.flatMap(({ tests }) => tests)
  const good = vectors.find(({ tcId }) => tcId === 357)
  assert.equal(good?.result, 'valid')
  for (const { tcId, jws } of vectors) if (mislabelled.has(tcId)) assert.equal(jws, good?.jws)
})

let judged = 0
for (const [index, group] of groups.entries()) {
  const key = await keyOf(group.public ?? group.private)
  if (key === null) continue
  const { comment: name, tests } = group
  test(`the ${tests.length} vectors of group ${index}, ${name}, are told apart (JW-20)`, async () => {
    for (const { tcId, comment, jws, result } of tests) {
      const token = typeof jws === 'string' ? jws : JSON.stringify(jws)
      const valid = (result === 'valid' && !exceptions.has(tcId)) || mislabelled.has(tcId)
      assert.deepEqual(
        await judge(key, token),
        { signed: valid, good: false },
        `${tcId} ${comment}`,
      )
      judged++
    }
  })
}

test('every vector of an algorithm that we have was judged', { skip }, () => {
  assert.equal(judged, 362)
})
