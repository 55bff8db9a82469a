import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import { grantNamesOf, grants } from '../grants/grants.ts'
import {
  factorGrantDocumentation,
  factorGrantNames,
  factorGrantOf,
  grantSecondFactor,
} from '../grants/second-factor.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import {
  createFormEndpoint,
  type EndpointForm,
  type FormEndpoint,
  formBody,
  type TokenEndpoint,
} from './endpoint.ts'
import { clientFields, documentForm } from './form-documentation.ts'

/**
 * Makes the token endpoint. It serves the password grant (RFC 6749 §4.3) to the application's own
 * front ends; RFC 9700 §2.4 forbids that grant to anybody else's. The refresh token grant (§6) goes
 * on from there. The client credentials grant (§4.4) is for registered confidential clients alone.
 *
 * A registered client authenticates for every grant (§3.2.1); see `Clients.authenticate`.
 */
export function createTokenEndpoint(auth: Auth): TokenEndpoint {
  return createFormEndpoint((form) => grantToken(auth, form), auth)
}

async function grantToken(
  auth: Auth,
  { parameters, credentials, request }: EndpointForm,
): Promise<TokenResponse> {
  // A missing grant type counts as the password grant, as in FastAPI.
  const name = parameters.get('grant_type') ?? 'password'
  const served = grantNamesOf(auth)
  const known = served.find((each) => each === name)
  const grant = known && grants[known]
  if (grant?.confidential) {
    // §4.4: not for a public client, which authenticates by nothing.
    const client = await auth.clients.authenticateConfidential(credentials)
    await requireGrant(auth, client, name, request)
    return await grant.answer(auth, client, parameters, request)
  }
  const client = await auth.clients.authenticate(credentials)
  const factor = factorGrantOf(auth, name)
  if (factor !== null) {
    // What was begun by a password is completed here, or comes in its place.
    await requireGrant(auth, client, 'password', request)
    return await grantSecondFactor(auth, client, factor, parameters, request)
  }
  if (grant === undefined) {
    throw new OAuthError(
      'unsupported_grant_type',
      `The grant type must be one of: ${served.join(', ')}`,
    )
  }
  await requireGrant(auth, client, name, request)
  return await grant.answer(auth, client, parameters, request)
}

async function requireGrant(
  auth: Auth,
  client: Client,
  name: string,
  request: TokenRequest,
): Promise<void> {
  if (client.grants.includes(name)) return
  const reason = `the grant ${name} is not one of its own`
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

/** The token endpoint (RFC 6749 §3.2). */
export const tokenEndpoint: FormEndpoint = {
  method: 'POST',
  path: '/auth/token',
  ...formBody,
  create: createTokenEndpoint,
  document: documentToken,
}

function documentToken(auth: Auth): object {
  const { compatibility } = auth
  const names = grantNamesOf(auth)
  const hasFactors = auth[internals].second !== null
  const served = [
    ...names.map((name) => grants[name]),
    ...(hasFactors ? [factorGrantDocumentation(auth)] : []),
  ]
  const hasIdTokens = auth[internals].hosted?.authorization.idTokens != null
  const withoutScope = `A login that asks for no scope gets ${compatibility ? 'none' : 'all that the role of the user grants'}.`
  const badPassword = 'Incorrect username or password'
  const refusesWith400 = compatibility?.incorrectPassword === 400
  return documentForm({
    operationId: 'createToken',
    summary: 'Log in, refresh, or get a token for a client',
    description: [...served.map(({ description }) => description), withoutScope].join(' '),
    form: {
      title: 'TokenForm',
      description: 'Which fields are needed depends on the grant type',
      type: 'object',
      properties: {
        grant_type: {
          type: 'string',
          enum: hasFactors ? [...names, ...factorGrantNames(auth)] : names,
          default: 'password',
        },
        ...Object.assign({}, ...served.map(({ parameters }) => parameters)),
        scope: {
          type: 'string',
          description: compatibility
            ? 'Space-delimited; a login gets what of it is granted'
            : 'Space-delimited; fewer than the role grants, or the client is registered with',
        },
        ...clientFields,
      },
    },
    success: 'An access token',
    answer: tokenAnswer(hasIdTokens, hasFactors),
    refusals: {
      400: `The request is malformed${refusesWith400 ? `, or ${badPassword.toLowerCase()}` : ''}`,
      401: `${refusesWith400 ? 'The' : `${badPassword}, or the`} client could not be authenticated`,
      ...(hasFactors && { 403: 'A second factor is needed; see `mfa_token`' }),
      429: 'Too many failed attempts; see Retry-After',
      503: 'Too many logins at once; see Retry-After',
    },
    ...(compatibility && { detailAlone: refusesWith400 ? 400 : 401 }),
  })
}

const tokenResponse = {
  title: 'TokenResponse',
  description: 'An access token, and what is needed for the next (RFC 6749 §5.1)',
  type: 'object',
  required: ['access_token', 'token_type', 'expires_in', 'scope'],
  properties: {
    access_token: { type: 'string' },
    token_type: { type: 'string', enum: ['bearer'] },
    expires_in: { type: 'integer', description: 'Seconds' },
    refresh_token: {
      type: 'string',
      description: 'Absent for a client that acts for itself, and for an inactive user',
    },
    scope: { type: 'string', description: 'What the token may do, space-delimited' },
  },
}

/** With what the answer has beside the tokens, where that is switched on. */
function tokenAnswer(hasIdTokens: boolean, hasFactors: boolean): typeof tokenResponse {
  const more = {
    ...(hasIdTokens && {
      id_token: { type: 'string', description: 'With the scope `openid`: who has logged in' },
    }),
    ...(hasFactors && {
      recovery_codes_left: {
        type: 'integer',
        description: 'After a login with a recovery code: how many are left',
      },
    }),
  }
  return { ...tokenResponse, properties: { ...tokenResponse.properties, ...more } }
}
