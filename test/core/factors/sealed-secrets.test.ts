import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createSealedSecrets } from '../../../src/core/factors/sealed-secrets.ts'
import { aFactor, aUser } from '../../../src/stores/contract/records.ts'

const [today, before] = [randomBytes(32), randomBytes(32)]
const user = aUser()

test('a secret opens in its own row alone (AC-68)', () => {
  const secrets = createSealedSecrets(today, [])
  const factor = aFactor(user)
  const bytes = randomBytes(20)
  const sealed = { ...factor, sealedSecret: secrets.seal(bytes, factor) }
  assert.deepEqual(secrets.open(sealed)?.bytes, new Uint8Array(bytes))
  assert.equal(secrets.open({ ...sealed, id: aFactor(user).id }), null, 'of another factor')
  assert.equal(secrets.open({ ...sealed, userId: aUser().id }), null, 'of another user')
  assert.equal(secrets.open({ ...sealed, sealedSecret: null }), null)
  assert.doesNotMatch(sealed.sealedSecret, new RegExp(bytes.toString('base64url')))
})

test('a secret of an earlier key opens, and is sealed under the key of today', () => {
  const factor = aFactor(user)
  const bytes = randomBytes(20)
  const old = { ...factor, sealedSecret: createSealedSecrets(before, []).seal(bytes, factor) }
  const opened = createSealedSecrets(today, [before]).open(old)
  assert.deepEqual(opened?.bytes, new Uint8Array(bytes))
  const again = { ...factor, sealedSecret: opened?.sealedAgain ?? '' }
  const reopened = createSealedSecrets(today, []).open(again)
  assert.deepEqual([reopened?.bytes, reopened?.sealedAgain], [opened?.bytes, undefined])
  assert.equal(createSealedSecrets(today, []).open(old), null)
})
