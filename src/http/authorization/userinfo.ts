import type { Auth } from '../../core/auth.ts'
import type { OpenIdScopes } from '../../core/authorization/authorization.ts'
import { OAuthError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import { findUserOfToken } from '../../core/sessions/token-user.ts'
import { userAt } from '../../core/users/suspension.ts'
import { readBearerToken } from '../bearer.ts'
import { answerJsonError } from '../endpoints/json-endpoint.ts'
import { formMaxBytes, isUrlencoded, parseForm } from '../form.ts'
import { factorNeeded } from '../guards/factor-strength.ts'
import type { EndpointRequest, MountedEndpoint, Refusals } from '../mounted-endpoint.ts'
import { BearerError, Refusal } from '../refusal.ts'
import { type EndpointAnswer, tokenHeaders } from '../token-messages.ts'

/** Where the userinfo endpoint is, below the issuer. */
export const userinfoPath = '/auth/userinfo'

/**
 * The userinfo endpoint (OpenID Connect Core §5.3): the claims of the user of an access token, of the scopes
 * that were granted. Asks the store for every request, as guards do: a token that has ended, or whose user is
 * inactive, is refused with 401.
 */
export function userinfoEndpoint(auth: Auth, scopes: OpenIdScopes, path: string): MountedEndpoint {
  const answerError = (error: unknown): EndpointAnswer => answerJsonError(error, auth)
  const refusals: Refusals = {
    answer: answerError,
    refuse: (status, why) => answerError(new Refusal(status, `${why}.`)),
  }
  return {
    ...{ path, methods: ['GET', 'POST'], bodyLimit: formMaxBytes, refusals },
    documentation: undefined,
    async answer(request) {
      if (!['GET', 'HEAD', 'POST'].includes(request.method)) {
        const refused = refusals.refuse(405, 'Use GET or POST')
        return { ...refused, headers: { ...refused.headers, allow: 'GET, HEAD, POST' } }
      }
      try {
        const token = await readToken(request)
        return { status: 200, headers: tokenHeaders, body: await claimsOf(auth, scopes, token) }
      } catch (error) {
        return answerError(error)
      }
    },
  }
}

/** @throws {BearerError} `invalid_token`, `insufficient_scope`, `insufficient_user_authentication` */
async function claimsOf(auth: Auth, scopes: OpenIdScopes, token: string): Promise<object> {
  const verified = await auth.accessTokens.verify(token)
  if (verified === null || verified.external) throw new BearerError('invalid_token')
  if (!verified.scopes.includes('openid')) throw new BearerError('insufficient_scope', ['openid'])
  const user = await findUserOfToken(auth[internals], verified)
  if (user === null || !userAt(user, auth.clock()).active) throw new BearerError('invalid_token')
  if (auth[internals].second?.isMissing(user, verified.claims.acr)) throw factorNeeded('any')
  return scopes.claimsOf(user, verified.scopes)
}

/**
 * The token of the header, or of a form (RFC 6750 §2.2); never of the query.
 *
 * @throws {BearerError} without a code if there is none, `invalid_request` for two.
 */
async function readToken({ method, guarded, header, readBody }: EndpointRequest): Promise<string> {
  const inHeader = readBearerToken(guarded)
  const contentType = header('content-type')
  const isForm = isUrlencoded(contentType)
  const body = method === 'POST' && isForm ? await readBody(formMaxBytes) : new Uint8Array()
  if (body === null) throw new Refusal(413, `The body must have at most ${formMaxBytes} bytes.`)
  const inForm = isForm ? readForm(contentType, body).get('access_token') : undefined
  if (inHeader !== null && inForm !== undefined) throw new BearerError('invalid_request')
  const token = inHeader ?? inForm
  if (token === undefined) throw new BearerError()
  return token
}

function readForm(contentType: string | undefined, body: Uint8Array): ReadonlyMap<string, string> {
  try {
    return parseForm(contentType, body)
  } catch (error) {
    throw error instanceof OAuthError ? new BearerError('invalid_request') : error
  }
}
