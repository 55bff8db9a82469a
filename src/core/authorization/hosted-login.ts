import type { Clock } from '../clock.ts'
import type { AuthEvents } from '../events/events.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { ManagedKeys } from '../keys/rotation.ts'
import type { RefreshTokens } from '../sessions/refresh-token.ts'
import type { RequireFactor } from '../sessions/session-calls.ts'
import type { SessionOptions } from '../sessions/session-options.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Store } from '../store.ts'
import type { Authorization, HostedLoginSettings } from './authorization.ts'
import type { LogoutNoticeParts, LogoutNotices } from './logout-notices.ts'

/** The member of a `HostedLogin` that `createAuth` uses and an application does not. */
export const hostedLoginParts: unique symbol = Symbol.for('portcullis hosted login')

/** What `hostedLogin()` of `portcullis/hosted-login` returns, for the option `hostedLogin` of `createAuth`. */
export interface HostedLogin {
  readonly [hostedLoginParts]: HostedLoginParts
}

/** What a login by browser is made of. */
export interface HostedLoginParts {
  readonly settings: HostedLoginSettings
  /** Puts its parts together. For `createAuth`. */
  createAuthorization(parts: AuthorizationParts): Authorization
  /**
   * What tells clients of log-outs. For `createAuth`. Null if nobody could be told: the store has no place for
   * notices, or tokens are signed with a secret, which no client can verify.
   */
  createLogoutNotices(parts: Omit<LogoutNoticeParts, 'post'>): LogoutNotices | null
  /** The endpoints of the authorization code flow. The layer that made it knows what this is. */
  readonly endpoints: unknown
}

/** What the parts of an authorization are made of. */
export interface AuthorizationParts {
  readonly store: Store
  readonly events: AuthEvents
  readonly sessions: Sessions
  readonly sessionOptions: Required<SessionOptions>
  readonly refreshTokens: RefreshTokens
  readonly keys: KeyRing
  /** Null with a secret. */
  readonly managedKeys: ManagedKeys | null
  /** Other keys are derived from it. */
  readonly secret: Uint8Array
  readonly previousSecrets: readonly Uint8Array[]
  readonly issuer: string
  /** Refuses a login with one factor where two are needed. Default: one is enough. */
  readonly requireFactor?: RequireFactor | undefined
  readonly clock: Clock
}
