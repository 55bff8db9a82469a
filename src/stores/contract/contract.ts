import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import { addressesContract } from './addresses.ts'
import { apiKeysContract } from './api-keys.ts'
import { authorizationCodesContract } from './authorization-codes.ts'
import { browserSessionsContract } from './browser-sessions.ts'
import { clientsContract } from './clients.ts'
import { consentsContract } from './consents.ts'
import { eventsContract } from './events.ts'
import { factorChangesContract } from './factor-changes.ts'
import { factorsContract } from './factors.ts'
import { guardedWritesContract } from './guarded-writes.ts'
import { identitiesContract } from './identities.ts'
import { keptSessionsContract } from './kept-sessions.ts'
import { lastActiveUserContract } from './last-active-user.ts'
import { loginReadsContract } from './login-reads.ts'
import { logoutNoticesContract } from './logout-notices.ts'
import { oneTimeTokensContract } from './one-time-tokens.ts'
import { outboxContract } from './outbox.ts'
import { passkeysContract } from './passkeys.ts'
import { passwordHashesContract } from './password-hashes.ts'
import { recoveryCodesContract } from './recovery-codes.ts'
import { refreshRetriesContract } from './refresh-retries.ts'
import { resealingContract } from './resealing.ts'
import { revokeAllContract } from './revoke-all.ts'
import { sessionPruningContract } from './session-pruning.ts'
import { sessionsContract } from './sessions.ts'
import { signingKeysContract } from './signing-keys.ts'
import { stepUpsContract } from './step-ups.ts'
import { storedWithContract } from './stored-with.ts'
import { throttleContract } from './throttle.ts'
import { throttleAdmissionContract } from './throttle-admission.ts'
import { usersContract } from './users.ts'

/**
 * Opens a store on an empty database, and a second one on the same, as another process would. A store
 * without processes gives the same one twice. The suite closes both.
 */
export type OpenStores = () => Promise<readonly [Store, Store]>

/**
 * Registers the suite of tests that every store must pass, with `node:test`. Call it in a test file and
 * run that with `node --test`. `name` is for the report.
 *
 * Does not check what is true of one engine alone, such as what survives a power failure.
 *
 * @param skip Why the suite is skipped, or false. Default false.
 */
export function storeContract(name: string, open: OpenStores, skip: string | false = false): void {
  describe(`${name} keeps the contract of a store`, { skip }, () => {
    let opened: readonly [Store, Store]

    before(async () => {
      opened = await open()
    })
    after(async () => {
      for (const store of new Set(opened)) await store.close()
    })

    const stores = () => opened
    usersContract(stores)
    addressesContract(stores)
    guardedWritesContract(stores)
    passwordHashesContract(stores)
    keptSessionsContract(stores)
    identitiesContract(stores)
    eventsContract(stores)
    lastActiveUserContract(stores)
    sessionsContract(stores)
    sessionPruningContract(stores)
    refreshRetriesContract(stores)
    stepUpsContract(stores)
    signingKeysContract(stores)
    throttleContract(stores)
    throttleAdmissionContract(stores)
    clientsContract(stores)
    oneTimeTokensContract(stores)
    outboxContract(stores)
    logoutNoticesContract(stores)
    storedWithContract(stores)
    browserSessionsContract(stores)
    authorizationCodesContract(stores)
    loginReadsContract(stores)
    consentsContract(stores)
    apiKeysContract(stores)
    factorsContract(stores)
    factorChangesContract(stores)
    passkeysContract(stores)
    recoveryCodesContract(stores)
    resealingContract(stores)

    test('a store that is open answers', async () => {
      for (const store of opened) await store.check()
    })

    test('the key that private keys are sealed under has 32 bytes, and is the same in every process', async (t) => {
      const [store] = opened
      if (store.keyEncryptionKey === undefined) return t.skip('the store has no place for one')
      const key = await store.keyEncryptionKey()
      assert.equal(key.length, 32)
      for (const each of opened) assert.deepEqual(await each.keyEncryptionKey?.(), key)
    })

    // It ends what the other tests have made.
    revokeAllContract(stores)
  })
}
