// What users do with passkeys over HTTP.

import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import type { Served, SiteOptions } from '../accounts/site.ts'
import {
  type Altered,
  type Authenticator,
  type AuthenticatorOptions,
  type Credential,
  makeAuthenticator,
  type PublicKey,
} from './authenticator.ts'
import { grant } from './device.ts'

export const passkeyGrant = 'urn:portcullis:grant-type:passkey'
export const webauthnGrant = 'urn:portcullis:grant-type:mfa-webauthn'

export const withPasskeys: SiteOptions = { auth: { factors: { passkeys: true } } }

export interface Challenge {
  readonly challenge_id: string
  readonly public_key: PublicKey & { readonly allowCredentials?: readonly { id: string }[] }
}

const ok = (answer: LightMyRequestResponse): LightMyRequestResponse => {
  assert.ok(answer.statusCode < 300, answer.body)
  return answer
}

/** The challenge of a new passkey. */
export async function creation(site: Served, token: string): Promise<Challenge> {
  const url = '/me/factors/passkeys/challenge'
  return ok(await site.call('POST', url, undefined, { token })).json()
}

/** The challenge of one that is there: for a login, or with a token for what that is of. */
export async function asked(site: Served, token?: string): Promise<Challenge> {
  return ok(await site.call('POST', '/auth/passkeys/challenge', undefined, { token })).json()
}

export const add = (
  site: Served,
  token: string,
  { challenge_id }: Pick<Challenge, 'challenge_id'>,
  credential: unknown,
  name?: string,
): Promise<LightMyRequestResponse> =>
  site.call('POST', '/me/factors/passkeys', { challenge_id, credential, name }, { token })

/** Adds a passkey to a user, and returns the id of the factor. */
export async function addPasskey(
  site: Served,
  token: string,
  key: Authenticator = makeAuthenticator(),
): Promise<string> {
  const challenge = await creation(site, token)
  return ok(await add(site, token, challenge, key.create(challenge.public_key))).json().id
}

/** A user with a passkey. */
export interface Holder {
  readonly userId: string
  readonly key: Authenticator
  readonly factorId: string
  /** The access token that it was made with. */
  readonly token: string
  readonly recoveryCodes: readonly string[]
}

/** Makes a user with a passkey. */
export async function holder(
  site: Served,
  name: string,
  options: AuthenticatorOptions = {},
): Promise<Holder> {
  const userId = await site.user(name)
  const token = await site.login(name)
  const key = makeAuthenticator(options)
  const challenge = await creation(site, token)
  const added = ok(await add(site, token, challenge, key.create(challenge.public_key)))
  const { id: factorId, recovery_codes: recoveryCodes } = added.json()
  return { userId, key, factorId, token, recoveryCodes }
}

/** A login by a passkey alone. */
export const showAlone = (
  site: Served,
  { challenge_id }: Pick<Challenge, 'challenge_id'>,
  credential: Credential | object,
  more: Readonly<Record<string, string>> = {},
): Promise<LightMyRequestResponse> =>
  grant(site, {
    ...{ grant_type: passkeyGrant, challenge_id, credential: JSON.stringify(credential) },
    ...more,
  })

export async function logInByPasskey(
  site: Served,
  key: Authenticator,
  altered?: Altered,
): Promise<LightMyRequestResponse> {
  const challenge = await asked(site)
  return await showAlone(site, challenge, key.get(challenge.public_key, altered))
}

/** The second step of a login. */
export const showSecond = (
  site: Served,
  mfaToken: string,
  { challenge_id }: Pick<Challenge, 'challenge_id'>,
  credential: Credential | object,
): Promise<LightMyRequestResponse> =>
  grant(site, {
    ...{ grant_type: webauthnGrant, mfa_token: mfaToken, challenge_id },
    credential: JSON.stringify(credential),
  })
