import type { JsonEndpoint } from './json-endpoint.ts'
import { deleteOwnAccountEndpoint, exportOwnAccountEndpoint } from './own-deletion.ts'
import {
  changeOwnEmailEndpoint,
  confirmOwnEmailEndpoint,
  removeOwnEmailEndpoint,
  sendOwnEmailCodeEndpoint,
} from './own-email.ts'
import { ownFactorEndpoints } from './own-factors.ts'
import { ownKeyEndpoints } from './own-keys.ts'
import { ownPasskeyEndpoints } from './own-passkeys.ts'

/**
 * What users do with their own account, by the path below that of their account (`/me`). Each exists only
 * where it is switched on.
 */
export const ownEndpoints: readonly JsonEndpoint[] = [
  changeOwnEmailEndpoint,
  confirmOwnEmailEndpoint,
  removeOwnEmailEndpoint,
  sendOwnEmailCodeEndpoint,
  deleteOwnAccountEndpoint,
  exportOwnAccountEndpoint,
  ...ownKeyEndpoints,
  ...ownFactorEndpoints,
  ...ownPasskeyEndpoints,
]
