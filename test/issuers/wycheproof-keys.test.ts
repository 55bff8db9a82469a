// The JWK vectors of Project Wycheproof, as the JWK Set of another issuer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as jose from 'jose'
import { asymmetricAlgorithms, parseKeySet } from '../../src/issuers/key-set.ts'
import { readVectors } from '../wycheproof.ts'

interface Group {
  readonly comment: string
  readonly public?: jose.JSONWebKeySet
  readonly private: jose.JSONWebKeySet
  readonly tests: readonly {
    readonly tcId: number
    readonly comment: string
    readonly jws: string
    readonly result: 'valid' | 'invalid'
  }[]
}

const { groups, skip } = readVectors<Group>('json_web_key_test.json')

/** Valid there and refused here: their keys are secrets, which no other issuer shares with us. */
const secrets = new Set([2, 13, 14, 15])

async function isSigned(keys: jose.JSONWebKeySet, token: string): Promise<boolean> {
  try {
    const { find } = parseKeySet(keys, 'https://sso.example.com/jwks')
    await jose.compactVerify(token, find, { algorithms: [...asymmetricAlgorithms] })
    return true
  } catch {
    return false
  }
}

test('the vectors are there', { skip }, () => {
  assert.equal(groups.flatMap(({ tests }) => tests).length, 26)
})

for (const group of groups) {
  for (const { tcId, comment, jws, result } of group.tests) {
    test(`vector ${tcId}, ${group.comment}: ${comment} (JW-04, JW-05, JW-06)`, async () => {
      const expected = result === 'valid' && !secrets.has(tcId)
      assert.equal(await isSigned(group.public ?? group.private, jws), expected)
    })
  }
}
