import { type TestContext, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import type { Stores } from './records.ts'

/** A part that a store may leave out. */
export type Optional =
  | ('oneTimeTokens' | 'outbox' | 'authorizationCodes')
  | ('consents' | 'logoutNotices' | 'factors' | 'apiKeys')

/** A store that has parts which a store may leave out. */
export type Having<Part extends Optional> = Store & Required<Pick<Store, Part>>

/** What needs mails. */
export type WholeStore = Having<'oneTimeTokens' | 'outbox'>

/** What a login by browser needs. */
export type AuthorizationStore = Having<'authorizationCodes' | 'consents'>

/**
 * Makes what registers tests of a part that a store may leave out: each is skipped, and says so, if the store
 * has none.
 */
export function testsOf<Part extends Optional>(
  stores: Stores,
  ...parts: readonly Part[]
): (
  name: string,
  run: (stores: readonly [Having<Part>, Having<Part>], t: TestContext) => Promise<void>,
) => void {
  return (name, run) => {
    test(name, async (t) => {
      const opened = stores()
      const missing = parts.find((part) => opened.some((store) => store[part] === undefined))
      if (missing !== undefined) return t.skip(`the store has no ${missing}`)
      // The parts are there.
      await run(opened as unknown as readonly [Having<Part>, Having<Part>], t)
    })
  }
}
