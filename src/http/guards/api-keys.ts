import type { ApiKeyVerifier } from '../../core/api-keys/api-keys.ts'
import { type MaybePromise, mapAnswer } from '../../core/maybe-promise.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import { toUser, type User } from '../../core/users/user.ts'
import { BearerError, Forbidden } from '../refusal.ts'
import type { GuardOptions } from './documentation.ts'

/** How a guard says of itself that no API key passes. */
export const loginConditions: GuardOptions = {
  conditions: ['a login, not an API key'],
  refusesApiKeys: true,
}

/** @throws {BearerError} 401, in the same words for every cause, if the key is not valid now. */
export function verifyApiKey(apiKeys: ApiKeyVerifier, key: string): MaybePromise<AccessToken> {
  return mapAnswer(apiKeys.verify(key), (verified) => {
    if (verified === null) throw new BearerError('invalid_token')
    return verified
  })
}

/** The user of a verified key, who was read with it. */
export function userOfApiKey(
  { apiKeys }: { readonly apiKeys: ApiKeyVerifier | null },
  token: AccessToken,
): User {
  const user = apiKeys?.userOf(token) ?? null
  if (user === null) throw new BearerError('invalid_token')
  return toUser(user)
}

/** @throws {Forbidden} if it is an API key that stands for the token. */
export function refuseApiKey({ apiKey }: AccessToken): void {
  if (apiKey) throw new Forbidden('This needs a login: an API key may not do it')
}
