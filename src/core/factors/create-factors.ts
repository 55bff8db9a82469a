import type { OneTimeTokens } from '../accounts/one-time-tokens.ts'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import type { AuthEvents } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import { pruneInBatches } from '../prune-batches.ts'
import type { SessionOptions } from '../sessions/session-options.ts'
import type { Store } from '../store.ts'
import type { Throttle } from '../throttle/throttle.ts'
import { createEnrolments } from './enrolments.ts'
import { createFactorAttempts } from './factor-attempts.ts'
import type { Factors } from './factor-calls.ts'
import type { FactorSettings } from './factor-options.ts'
import type { FactorStore } from './factor-store.ts'
import { createFactors, enrolmentLifetime } from './factors.ts'
import { createMfaTokens } from './mfa-tokens.ts'
import type { PasskeyParts } from './passkeys/create-passkeys.ts'
import type { PasskeySettings } from './passkeys/passkey-options.ts'
import { createSealedSecrets } from './sealed-secrets.ts'
import { createSecondFactor, type SecondFactor } from './second-factor.ts'

/** Second factors, put together. */
export interface FactorParts {
  readonly factors: Factors
  readonly second: SecondFactor
  /** Deletes enrolments that came to nothing; returns how many. */
  prune(signal?: AbortSignal): Promise<number>
}

export interface CreateFactorsOptions {
  readonly settings: FactorSettings
  readonly store: Store
  readonly secret: Uint8Array
  readonly previousSecrets: readonly Uint8Array[]
  /** Null if the store has no place for them. */
  readonly oneTimeTokens: OneTimeTokens | null
  readonly throttle: Throttle
  readonly events: AuthEvents
  readonly notices: Notices
  readonly clock: Clock
  readonly sessionOptions: Required<SessionOptions>
}

/** @throws {ConfigError} if the store has no place for factors, or passkeys need what is not installed. */
export async function createFactorParts(options: CreateFactorsOptions): Promise<FactorParts> {
  const { settings, store, oneTimeTokens, secret, previousSecrets } = options
  const { throttle, events, notices, clock } = options
  const factorStore = store.factors
  if (factorStore === undefined || oneTimeTokens === null) {
    throw new ConfigError([
      'This store has no place for second factors (factors, oneTimeTokens): leave the option factors out.',
    ])
  }
  const secrets = createSealedSecrets(secret, previousSecrets)
  const tokens = createMfaTokens(oneTimeTokens, clock)
  const passkeyParts = settings.passkeys && (await loadPasskeys(settings.passkeys, options))
  const attempts = createFactorAttempts({
    ...{ store: factorStore, secrets, tokens, throttle, events, notices, clock },
    usePasskey: passkeyParts?.use ?? null,
  })
  const second = createSecondFactor(factorStore, attempts, tokens, settings, clock)
  const { idleLifetime } = options.sessionOptions
  const enrol = createEnrolments({ store, events, notices, clock, idleLifetime })
  const passkeys = passkeyParts?.complete(attempts, enrol) ?? null
  const { confirmWithin, ...factors } = createFactors({
    ...{ store, factors: factorStore, settings, secrets, attempts, second, enrol },
    ...{ passkeys: passkeys?.own ?? null, events, notices, clock },
  })
  return {
    factors,
    second: { ...second, confirmWithin, passkeys: passkeys?.logins ?? null },
    prune: (signal) =>
      pruneInBatches((limit) => factorStore.prune(clock() - enrolmentLifetime, limit), signal),
  }
}

/** Loaded for those who have the option alone. */
async function loadPasskeys(
  settings: PasskeySettings,
  { store, secret, previousSecrets, throttle, events, clock }: CreateFactorsOptions,
): Promise<PasskeyParts> {
  const { createPasskeyParts } = await import('./passkeys/create-passkeys.ts')
  return await createPasskeyParts({
    ...{ settings, users: store.users, store: store.factors as FactorStore },
    ...{ secret, previousSecrets, throttle, events, clock },
  })
}
