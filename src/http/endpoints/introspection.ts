import { formatScope, narrowScopes } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { findClientOfToken, ownPermissions } from '../../core/clients/token-client.ts'
import { OAuthError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import { findUserOfToken } from '../../core/sessions/token-user.ts'
import { readClientCredentials } from '../client-authentication.ts'
import { answerOAuthError } from '../error-answers.ts'
import { parseForm } from '../form.ts'
import { delegableScopes } from '../grants/grants.ts'
import { type IntrospectionResponse, tokenHeaders } from '../token-messages.ts'
import { refuseClient, type TokenEndpoint } from './token.ts'

/**
 * Makes the introspection endpoint (RFC 7662), for registered confidential clients that may use it:
 * whoever else could ask could try tokens out (§4).
 *
 * Whether a token is active is found anew for every request: its signature and time, its session,
 * its user, its client, and what both may do today. A refresh token is shown to the client that it
 * was issued to, and to nobody else: an API that is sent one must not take it for an access token.
 */
export function createIntrospectionEndpoint(auth: Auth): TokenEndpoint {
  return async function answer(request) {
    try {
      const parameters = parseForm(request.contentType, request.body)
      const credentials = readClientCredentials(request.authorization, parameters, request)
      const client = await auth.clients.authenticateConfidential(credentials)
      if (!client.introspect) {
        const reason = 'it may not introspect tokens'
        await refuseClient(auth, client, request, reason, 'The client may not introspect tokens')
      }
      const token = parameters.get('token')
      if (token === undefined) {
        throw new OAuthError('invalid_request', 'The parameter token is missing')
      }
      const found =
        (await inspectRefreshToken(auth, client, token)) ?? (await inspectAccessToken(auth, token))
      // One answer for every cause (§2.2).
      return { status: 200, headers: tokenHeaders, body: found ?? { active: false } }
    } catch (error) {
      return answerOAuthError(error)
    }
  }
}

async function inspectAccessToken(
  auth: Auth,
  token: string,
): Promise<IntrospectionResponse | null> {
  const verified = await auth.accessTokens.verify(token)
  // A guard forgives a clock that differs; `exp` is compared with no other clock here.
  if (verified === null || verified.claims.exp <= auth.clock()) return null
  // Whoever issued it is the one to ask.
  if (verified.external) return null
  const { client_id, exp, iat, sub, aud, iss, jti, sid } = verified.claims
  const asIssued = { client_id, token_type: 'bearer', exp, iat, sub, aud, iss, jti } as const
  if (verified.kind === 'client') {
    const owner = await findClientOfToken(auth[internals], verified)
    const scope = owner && formatScope(narrowScopes(ownPermissions(owner), verified.scopes))
    return scope === null ? null : { active: true, ...asIssued, scope }
  }
  const user = await findUserOfToken(auth[internals], verified)
  const client = await auth.clients.find(client_id)
  if (!user?.active || client === null) return null
  return {
    active: true,
    ...asIssued,
    scope: formatScope(narrowScopes(delegableScopes(auth, user, client), verified.scopes)),
    username: user.username,
    ...(sid !== undefined && { sid }),
    roles: [user.role],
  }
}

async function inspectRefreshToken(
  auth: Auth,
  client: Client,
  token: string,
): Promise<IntrospectionResponse | null> {
  const inspected = await auth.sessions.inspect(token)
  if (inspected === null || inspected.session.clientId !== client.id) return null
  const { session, user, expiresAt } = inspected
  return {
    active: true,
    scope: formatScope(narrowScopes(delegableScopes(auth, user, client), session.scopes)),
    client_id: client.id,
    username: user.username,
    exp: expiresAt,
    iat: session.rotatedAt,
    sub: user.id,
    iss: auth.issuer,
    sid: session.id,
  }
}
