import type { Clock } from '../../clock.ts'
import type { AuthEvents } from '../../events/events.ts'
import type { Throttle } from '../../throttle/throttle.ts'
import type { UserStore } from '../../users/user-store.ts'
import type { Enrol } from '../enrolments.ts'
import type { FactorAttempts } from '../factor-attempts.ts'
import type { FactorStore } from '../factor-store.ts'
import type { UsePasskey } from '../shown-factor.ts'
import { createChallenges } from './challenges.ts'
import type { Passkeys } from './passkey-calls.ts'
import { createPasskeyLogins, type PasskeyLogins } from './passkey-logins.ts'
import type { PasskeySettings } from './passkey-options.ts'
import { createPasskeyProofs } from './passkey-proofs.ts'
import { createPasskeys } from './passkeys.ts'
import { createWebAuthn } from './webauthn.ts'

/** Passkeys, put together. */
export interface PasskeyParts {
  readonly use: UsePasskey
  /** The rest, which needs what counts the wrong ones, and what stores a factor. */
  complete(
    attempts: Pick<FactorAttempts, 'verify'>,
    enrol: Enrol,
  ): { readonly own: Passkeys; readonly logins: PasskeyLogins }
}

/** @throws {ConfigError} if the library is not installed */
export async function createPasskeyParts(options: {
  readonly settings: PasskeySettings
  readonly users: Pick<UserStore, 'findById'>
  readonly store: FactorStore
  readonly secret: Uint8Array
  readonly previousSecrets: readonly Uint8Array[]
  readonly throttle: Throttle
  readonly events: AuthEvents
  readonly clock: Clock
}): Promise<PasskeyParts> {
  const { secret, previousSecrets, ...common } = options
  const webauthn = await createWebAuthn()
  const challenges = createChallenges(secret, previousSecrets, options.clock)
  const parts = { ...common, webauthn, challenges }
  return {
    use: createPasskeyProofs(parts),
    complete(attempts, enrol) {
      const { own, logins } = createPasskeys({ ...parts, enrol })
      return { own, logins: { ...createPasskeyLogins({ ...parts, attempts }), ...logins } }
    },
  }
}
