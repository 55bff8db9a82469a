import type { Auth } from '../../core/auth.ts'
import type { Authorization } from '../../core/authorization/authorization.ts'
import type { Client } from '../../core/clients/clients.ts'
import { isRedirectUriOf } from '../../core/clients/redirect-uri.ts'
import type { LoginErrorName } from '../../pages/texts/login-texts.ts'
import { type RequestDetails, readDetails, stateMaxLength } from './authorization-details.ts'
import type { AuthorizationErrorCode } from './authorization-error.ts'
import { digestOf, isTooLong, type QueryParameters, readQuery } from './query-parameters.ts'

/** How the answer comes to the client. */
export type ResponseMode = 'query' | 'form_post'

/** Where an answer goes: to a redirect URI that is registered for the client, and to no other. */
export interface ResponseTarget {
  readonly client: Client
  /** As the request has it. */
  readonly redirectUri: string
  readonly mode: ResponseMode
  /** As the request has it; null for none. */
  readonly state: string | null
}

/** An authorization request without a mistake (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). */
export interface AuthorizationRequest extends RequestDetails {
  readonly target: ResponseTarget
  readonly parameters: QueryParameters
  /** Stands for the request in proofs. */
  readonly digest: string
}

/** What has become of a request. */
export type JudgedRequest =
  | { readonly kind: 'request'; readonly request: AuthorizationRequest }
  /** Its redirect URI is good, so that the client is told. */
  | {
      readonly kind: 'refused'
      readonly target: ResponseTarget
      readonly error: AuthorizationErrorCode
      readonly description: string
    }
  /** Nothing of it may be believed: only people are told. */
  | { readonly kind: 'page'; readonly says: LoginErrorName; readonly clientId: string | null }

/**
 * Judges a request: first who asks, then where the answer goes, then the rest. Until the redirect URI is known to
 * be the client's, nothing is ever sent there (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
 */
export async function judgeRequest(
  auth: Auth,
  authorization: Authorization,
  query: string,
): Promise<JudgedRequest> {
  const parameters = readQuery(query)
  if (parameters === null) return page(isTooLong(query) ? 'tooLong' : 'unreadable')
  const { values, repeated } = parameters
  if (repeated.has('client_id') || repeated.has('redirect_uri')) return page('repeated')
  const client = await auth.clients.find(values.get('client_id') ?? '')
  if (client === null) return page('clientUnknown')
  if (!client.grants.includes('authorization_code') || client.redirectUris.length === 0) {
    return page('clientNotAllowed', client)
  }
  const redirectUri = values.get('redirect_uri')
  if (redirectUri === undefined) return page('redirectMissing', client)
  if (!isRedirectUriOf(client, redirectUri)) return page('redirectUnregistered', client)

  const target = targetOf(client, redirectUri, parameters)
  const details = await readDetails(auth, authorization, client, parameters)
  if ('error' in details) return { kind: 'refused', target, ...details }
  const digest = digestOf(parameters)
  return { kind: 'request', request: { target, parameters, digest, ...details } }
}

function page(says: LoginErrorName, client: Client | null = null): JudgedRequest {
  return { kind: 'page', says, clientId: client?.id ?? null }
}

function targetOf(
  client: Client,
  redirectUri: string,
  { values, repeated }: QueryParameters,
): ResponseTarget {
  const state = repeated.has('state') ? undefined : values.get('state')
  const isPost = !repeated.has('response_mode') && values.get('response_mode') === 'form_post'
  return {
    client,
    redirectUri,
    mode: isPost ? 'form_post' : 'query',
    state: state !== undefined && state.length <= stateMaxLength ? state : null,
  }
}
