import type { OneTimeTokens } from '../accounts/one-time-tokens.ts'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import type { AuthEvents } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import { pruneInBatches } from '../prune-batches.ts'
import type { Store } from '../store.ts'
import type { Throttle } from '../throttle/throttle.ts'
import { createFactorAttempts } from './factor-attempts.ts'
import type { Factors } from './factor-calls.ts'
import type { FactorSettings } from './factor-options.ts'
import { createFactors, enrolmentLifetime } from './factors.ts'
import { createMfaTokens } from './mfa-tokens.ts'
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
}

/** @throws {ConfigError} if the store has no place for factors. */
export function createFactorParts(options: CreateFactorsOptions): FactorParts {
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
  const attempts = createFactorAttempts({
    ...{ store: factorStore, secrets, tokens, throttle, events, notices, clock },
  })
  const second = createSecondFactor(factorStore, attempts, tokens, settings, clock)
  const { confirmWithin, ...factors } = createFactors({
    ...{ store, factors: factorStore, settings, secrets, attempts, second },
    ...{ events, notices, clock },
  })
  return {
    factors,
    second: { ...second, confirmWithin },
    prune: (signal) =>
      pruneInBatches((limit) => factorStore.prune(clock() - enrolmentLifetime, limit), signal),
  }
}
