import type { Auth } from '../../core/auth.ts'
import type { Client, ClientCredentials } from '../../core/clients/clients.ts'
import { grantNames } from '../../core/clients/registration.ts'
import { OAuthError } from '../../core/errors.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import { readClientCredentials } from '../client-authentication.ts'
import { answerOAuthError } from '../error-answers.ts'
import { parseForm } from '../form.ts'
import { grantClientCredentials, grantPassword, grantRefreshToken } from '../grants/grants.ts'
import {
  type TokenAnswer,
  type TokenRequest,
  type TokenResponse,
  tokenHeaders,
} from '../token-messages.ts'

/** Answers requests to the token endpoint (RFC 6749 §3.2). Never rejects for a bad request. */
export type TokenEndpoint = (request: TokenRequest) => Promise<TokenAnswer>

/**
 * Makes the token endpoint. It serves the password grant (RFC 6749 §4.3) to the application's own
 * front ends; RFC 9700 §2.4 forbids that grant to anybody else's. The refresh token grant (§6) goes
 * on from there. The client credentials grant (§4.4) is for registered confidential clients alone.
 *
 * A registered client authenticates for every grant (§3.2.1); see `Clients.authenticate`.
 */
export function createTokenEndpoint(auth: Auth): TokenEndpoint {
  return async function answer(request) {
    try {
      const parameters = parseForm(request.contentType, request.body)
      const credentials = readClientCredentials(request.authorization, parameters, request)
      const body = await grantToken(auth, credentials, parameters, request)
      return { status: 200, headers: tokenHeaders, body }
    } catch (error) {
      return answerOAuthError(error)
    }
  }
}

async function grantToken(
  auth: Auth,
  credentials: ClientCredentials | null,
  parameters: ReadonlyMap<string, string>,
  request: TokenRequest,
): Promise<TokenResponse> {
  // A missing grant type counts as the password grant, as in FastAPI.
  const grantType = parameters.get('grant_type') ?? 'password'
  if (grantType === 'client_credentials') {
    // §4.4: not for a public client, which authenticates by nothing.
    const client = await auth.clients.authenticateConfidential(credentials)
    await requireGrant(auth, client, grantType, request)
    return await grantClientCredentials(auth, client, parameters, request)
  }
  const client = await auth.clients.authenticate(credentials)
  await requireGrant(auth, client, grantType, request)
  switch (grantType) {
    case 'password':
      return await grantPassword(auth, client, parameters, request)
    case 'refresh_token':
      return await grantRefreshToken(auth, client, parameters, request)
    default:
      throw new OAuthError(
        'unsupported_grant_type',
        `The grant type must be one of: ${grantNames.join(', ')}`,
      )
  }
}

async function requireGrant(
  auth: Auth,
  client: Client,
  grantType: string,
  request: TokenRequest,
): Promise<void> {
  const isKnown = grantNames.some((name) => name === grantType)
  if (!isKnown || client.grants.includes(grantType)) return
  const reason = `the grant ${grantType} is not one of its own`
  await refuseClient(auth, client, request, reason, 'The client may not use this grant type')
}

/**
 * Refuses a client that is known what it is not registered for, which is an event.
 *
 * @throws {OAuthError} `unauthorized_client`
 */
export async function refuseClient(
  auth: Auth,
  { id }: Client,
  { address, requestId }: TokenRequest,
  reason: string,
  message: string,
): Promise<never> {
  const by = { actor: actorOf({ clientId: id }), address, requestId }
  await auth[internals].events.record({ ...by, type: 'authz_client_fail', clientId: id, reason })
  throw new OAuthError('unauthorized_client', message)
}
