import type { AccountSettings } from './accounts/account-options.ts'
import type { ApiKeyVerifier } from './api-keys/api-keys.ts'
import type { Authorization } from './authorization/authorization.ts'
import type { HostedLoginParts } from './authorization/hosted-login.ts'
import type { LogoutNotices } from './authorization/logout-notices.ts'
import type { Clients } from './clients/clients.ts'
import type { AuthEvents } from './events/events.ts'
import type { SecondFactor } from './factors/second-factor.ts'
import type { KeyRing } from './keys/key-ring.ts'
import type { Notices } from './mail/notices.ts'
import type { Outbox } from './mail/outbox.ts'
import type { PasswordHasher } from './passwords/password-hash.ts'
import type { Resealing } from './resealing.ts'
import type { Store } from './store.ts'
import type { Throttle } from './throttle/throttle.ts'
import type { AccessTokenIssuer } from './tokens/access-token.ts'
import type { Login } from './users/login.ts'
import type { OwnFields } from './users/own-fields.ts'

/**
 * The member of an `Auth` that the layers above core use and an application does not. The package
 * does not export the symbol.
 *
 * Registered, so that an application with two copies of the package can pass an `Auth` of one to
 * guards of the other.
 */
export const internals: unique symbol = Symbol.for('portcullis internals')

/** The parts of an `Auth` that handle password hashes, security stamps and private keys. */
export interface AuthInternals {
  /** Where everything is kept; open until `close`. */
  readonly store: Store
  readonly clients: Clients
  /** Says where the page that documents the API comes back to from a login by browser. */
  documentedAt(redirectUri: string): void
  /** Checks a username and password, and yields the record. */
  readonly login: Login
  /** Counts failed attempts, and slows them down. */
  readonly throttle: Throttle
  readonly passwords: PasswordHasher
  /** Signs and verifies access tokens. */
  readonly accessTokens: AccessTokenIssuer
  /** Records events. */
  readonly events: AuthEvents
  /** The keys that sign and verify. */
  readonly keys: KeyRing
  /** Seals again what previous keys have sealed; null if there is none. */
  readonly resealing: Resealing | null
  readonly notices: Notices
  /** The application's own fields of users. */
  readonly fields: OwnFields
  /** The option `accounts` as it was read; null without it. */
  readonly accountSettings: AccountSettings | null
  /** Login by browser; null without the option `hostedLogin`. */
  readonly hosted:
    | (HostedLoginParts & {
        readonly authorization: Authorization
        /** What tells clients of log-outs; null if none can be told. */
        readonly logoutNotices: LogoutNotices | null
      })
    | null
  /** Tells whether API keys are valid; null without the option `apiKeys`. */
  readonly apiKeys: ApiKeyVerifier | null
  /** What logins ask of second factors; null without the option `factors`. */
  readonly second: SecondFactor | null
  /** The role of new users. */
  readonly defaultRole: string
  /** Mails that wait; null without a mailer. */
  readonly outbox: Outbox | null
}
