import { type TestContext, test } from 'node:test'
import type { ApiKeyStore } from '../../core/api-keys/api-key-store.ts'
import type { AuthorizationCodeStore } from '../../core/authorization/authorization-code-store.ts'
import type { ConsentStore } from '../../core/authorization/consent-store.ts'
import type { LogoutNoticeStore } from '../../core/authorization/logout-notice-store.ts'
import type { FactorStore } from '../../core/factors/factor-store.ts'
import type { OneTimeTokenStore } from '../../core/mail/one-time-token-store.ts'
import type { OutboxStore } from '../../core/mail/outbox-store.ts'
import type { Store } from '../../core/store.ts'
import type { Stores } from './records.ts'

/** A store that has what needs mails: a store may leave it out. */
export interface WholeStore extends Store {
  readonly oneTimeTokens: OneTimeTokenStore
  readonly outbox: OutboxStore
}

/** A store that has what a login by browser needs: a store may leave it out, too. */
export interface AuthorizationStore extends Store {
  readonly authorizationCodes: AuthorizationCodeStore
  readonly consents: ConsentStore
}

/** A store that keeps log-outs which clients are to be told of: a store may leave them out. */
interface NoticeStore extends Store {
  readonly logoutNotices: LogoutNoticeStore
}

/** A store that keeps API keys of users: a store may leave them out. */
interface KeyStore extends Store {
  readonly apiKeys: ApiKeyStore
}

/** A store that keeps second factors: a store may leave them out. */
interface KeepingFactors extends Store {
  readonly factors: FactorStore
}

type Optional =
  | ('oneTimeTokens' | 'outbox' | 'authorizationCodes')
  | ('consents' | 'logoutNotices' | 'factors' | 'apiKeys')

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

export type Having<Part extends Optional> = Store &
  Pick<WholeStore & AuthorizationStore & NoticeStore & KeyStore & KeepingFactors, Part>
