import type { Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import type { AuthEvents } from '../events/events.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Notices } from '../mail/notices.ts'
import type { Store } from '../store.ts'
import type { ApiKeyOptions } from './api-key-options.ts'
import type { ApiKeys, ApiKeyVerifier } from './api-keys.ts'
import { createApiKeyMaintenance } from './maintain-api-keys.ts'
import { createApiKeys } from './manage-api-keys.ts'
import { createApiKeyVerifier } from './verify-api-keys.ts'

/** All there is of API keys. */
export interface ApiKeyParts {
  readonly keys: ApiKeys
  readonly verifier: ApiKeyVerifier
}

export interface ApiKeyPartsOptions {
  readonly store: Store
  readonly options: Required<ApiKeyOptions>
  readonly roles: Roles
  readonly keys: KeyRing
  readonly events: AuthEvents
  readonly notices: Notices
  readonly issuer: string
  readonly audience: string
  readonly clock: Clock
}

/**
 * Puts the parts together. Loaded only where API keys are switched on.
 *
 * @throws {ConfigError} if the store has no place for them.
 */
export function createApiKeyParts(parts: ApiKeyPartsOptions): ApiKeyParts {
  const { store, options, keys, issuer, audience, clock } = parts
  const { apiKeys } = store
  if (apiKeys === undefined) {
    throw new ConfigError([
      'This store has no place for API keys (apiKeys): leave the option apiKeys out.',
    ])
  }
  const { prefix } = options
  return {
    keys: {
      ...createApiKeys({ ...parts, apiKeys }),
      ...createApiKeyMaintenance({ ...parts, apiKeys }),
    },
    verifier: createApiKeyVerifier({ store: apiKeys, prefix, keys, issuer, audience, clock }),
  }
}
