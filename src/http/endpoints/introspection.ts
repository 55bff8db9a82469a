import { formatScope, narrowScopes } from '../../core/access/scope.ts'
import type { ApiKeyVerifier } from '../../core/api-keys/api-keys.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { findClientOfToken, ownPermissions } from '../../core/clients/token-client.ts'
import { OAuthError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import { findUserOfToken } from '../../core/sessions/token-user.ts'
import type { User } from '../../core/users/user.ts'
import { isThirdPartySession, scopesToday } from '../grants/scopes.ts'
import type { IntrospectionResponse } from '../token-messages.ts'
import { createFormEndpoint, type FormEndpoint, formBody, type TokenEndpoint } from './endpoint.ts'
import { documentForm } from './form-documentation.ts'
import { Instant } from './known-facts.ts'
import { refuseClient } from './token.ts'

/**
 * Makes the introspection endpoint (RFC 7662), for registered confidential clients that may use it:
 * if anybody could ask, an attacker could try tokens (§4).
 *
 * Every request checks the token: its signature and time, its session, its user, its client, and what
 * both may do now. A refresh token is shown only to the client that it was issued to: an API that
 * receives one must not take it for an access token.
 */
export function createIntrospectionEndpoint(auth: Auth): TokenEndpoint {
  return createFormEndpoint(async ({ parameters, credentials, request }) => {
    const client = await auth.clients.authenticateConfidential(credentials)
    if (!client.introspect) {
      const reason = 'it may not introspect tokens'
      await refuseClient(auth, client, request, reason, 'The client may not introspect tokens')
    }
    const token = parameters.get('token')
    if (token === undefined) {
      throw new OAuthError('invalid_request', 'The parameter token is missing')
    }
    const { apiKeys } = auth[internals]
    const found = apiKeys?.isKey(token)
      ? await inspectApiKey(auth, apiKeys, token)
      : ((await inspectRefreshToken(auth, client, token)) ??
        (await inspectAccessToken(auth, token)))
    // One answer for every cause (§2.2).
    return found ?? { active: false }
  })
}

async function inspectAccessToken(
  auth: Auth,
  token: string,
): Promise<IntrospectionResponse | null> {
  const verified = await auth.accessTokens.verify(token)
  // A guard forgives a clock that differs; `exp` is compared with no other clock here.
  if (verified === null || verified.claims.exp <= auth.clock()) return null
  // Only its own issuer can say whether it is active.
  if (verified.external) return null
  const { client_id, exp, iat, sub, aud, iss, jti, sid, auth_time, acr, amr } = verified.claims
  const asIssued = { client_id, token_type: 'bearer', exp, iat, sub, aud, iss, jti } as const
  if (verified.kind === 'client') {
    const owner = await findClientOfToken(auth[internals], verified)
    const scope = owner && formatScope(narrowScopes(ownPermissions(owner), verified.scopes))
    return scope === null ? null : { active: true, ...asIssued, scope }
  }
  const user = await findUserOfToken(auth[internals], verified)
  const client = await auth.clients.find(client_id)
  if (!user?.active || client === null) return null
  // What every guard refuses is not active.
  if (auth[internals].second?.isMissing(user, acr)) return null
  const scopes = scopesToday(auth, user, client, verified.scopes)
  const isOfThirdParty = verified.claims.third_party === true
  return {
    active: true,
    ...asIssued,
    scope: formatScope(scopes),
    ...nameOf(user, scopes, isOfThirdParty),
    ...(sid !== undefined && { sid }),
    ...(isOfThirdParty ? { third_party: true } : { roles: [user.role] }),
    ...howAuthenticated(auth, { auth_time, acr, amr }),
  }
}

/** An API key belongs to its user and to no client, so every client that may introspect is told. */
async function inspectApiKey(
  auth: Auth,
  apiKeys: ApiKeyVerifier,
  key: string,
): Promise<IntrospectionResponse | null> {
  const verified = await apiKeys.verify(key)
  if (verified === null) return null
  const user = apiKeys.userOf(verified)
  // A key shows no factor.
  if (user === null || auth[internals].second?.isMissing(user, undefined)) return null
  const { exp, iat, sub, aud, iss, jti } = verified.claims
  return {
    ...{ active: true, token_type: 'bearer', exp, iat, sub, aud, iss, jti },
    scope: formatScope(narrowScopes(auth.roles.permissionsOf(user.role), verified.scopes)),
    username: user.username,
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
  const scopes = scopesToday(auth, user, client, session.scopes)
  return {
    active: true,
    scope: formatScope(scopes),
    client_id: client.id,
    ...nameOf(user, scopes, isThirdPartySession(session, client)),
    exp: expiresAt,
    iat: session.rotatedAt,
    sub: user.id,
    iss: auth.issuer,
    sid: session.id,
    ...howAuthenticated(auth, {
      ...{ auth_time: session.authenticatedAt, acr: session.acr, amr: session.amr },
    }),
  }
}

/** What the user is called. A third party is told by the scope `profile` alone, as at userinfo. */
function nameOf(
  { username }: Pick<User, 'username'>,
  scopes: readonly string[],
  isOfThirdParty: boolean,
): Pick<IntrospectionResponse, 'username'> {
  return isOfThirdParty && !scopes.includes('profile') ? {} : { username }
}

type HowAuthenticated = Pick<IntrospectionResponse, 'auth_time' | 'acr' | 'amr'>

/** Shown where people log in by browser (RFC 9470 §6.2): without it every answer stays as it was. */
function howAuthenticated(
  auth: Auth,
  claims: { readonly [Name in keyof HowAuthenticated]: HowAuthenticated[Name] | undefined },
): HowAuthenticated {
  if (auth[internals].hosted === null) return {}
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

const text = { type: 'string' } as const

const hostedMembers = {
  third_party: {
    type: 'boolean',
    enum: [true],
    description:
      'There for a client of somebody else: the token stands for its scope, and not for its user',
  },
  auth_time: { ...Instant, description: 'When the user authenticated, in seconds since 1970' },
  acr: { type: 'string', description: 'How strong that was: `1fa` is one factor' },
  amr: { type: 'array', items: text, description: 'By what: `pwd` is a password' },
}

/** The introspection endpoint (RFC 7662 §2). */
export const introspectionEndpoint: FormEndpoint = {
  method: 'POST',
  path: '/auth/introspect',
  ...formBody,
  create: createIntrospectionEndpoint,
  document: (auth) =>
    documentForm({
      operationId: 'introspectToken',
      summary: 'Is this token good?',
      description:
        'Tells a registered confidential client what a token may do today (RFC 7662). It authenticates by HTTP Basic or by `client_id` and `client_secret`.',
      form: 'IntrospectionForm',
      success: 'The state of the token',
      answer: {
        title: 'IntrospectionResponse',
        description: 'What is known of a token; of one that is not active, nothing but `active`',
        type: 'object',
        required: ['active'],
        properties: {
          active: { type: 'boolean' },
          scope: { type: 'string', description: 'What the token may do today, space-delimited' },
          client_id: text,
          username: text,
          token_type: { type: 'string', enum: ['bearer'], description: 'Of an access token' },
          exp: Instant,
          iat: Instant,
          sub: text,
          aud: text,
          iss: text,
          jti: text,
          sid: { type: 'string', description: 'The session' },
          roles: { type: 'array', items: text, description: 'The role of the user today' },
          ...(auth[internals].hosted !== null && hostedMembers),
        },
      },
      refusals: {
        400: 'The request is malformed, or the client may not introspect',
        401: 'The client could not be authenticated',
        429: 'Too many wrong client secrets; see Retry-After',
        503: 'Not known now; see Retry-After',
      },
    }),
}
