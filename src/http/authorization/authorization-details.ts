import type { Auth } from '../../core/auth.ts'
import type { Authorization } from '../../core/authorization/authorization.ts'
import { isCodeChallenge } from '../../core/authorization/code-challenge.ts'
import type { Client } from '../../core/clients/clients.ts'
import { type AuthorizationErrorCode, mistake, type RequestMistake } from './authorization-error.ts'
import type { QueryParameters } from './query-parameters.ts'
import { type RequestedScopes, readRequestedScopes } from './requested-scopes.ts'

/** What an ID token of ours says. */
export interface IdTokenHint {
  readonly sub: string
  readonly aud: string
  readonly sid: string
}

/** OpenID Connect Core §3.1.2.1. `select_account` is asked for like a login: one can be another user there. */
export type Prompt = 'none' | 'login' | 'consent' | 'select_account'

/** What a request asks for, beside where the answer goes. */
export interface RequestDetails extends RequestedScopes {
  /** Of S256 (RFC 7636 §4.2); null for a client that need not send one. */
  readonly codeChallenge: string | null
  /** Null for none, and without `openid`. */
  readonly nonce: string | null
  readonly prompts: readonly Prompt[]
  /** Seconds that the login may be old; null for any. */
  readonly maxAge: number | null
  /** How strong the login should be: any of these `acr` will do. Empty for any. */
  readonly acrValues: readonly string[]
  /** What somebody may type as a username; empty for none. */
  readonly loginHint: string
  /** What an ID token says that the client had before; null for none. */
  readonly hint: IdTokenHint | null
}

/** Parameters that are another way to send a request, each with its own refusal (Core §3.1.2.6). */
const notServed: readonly (readonly [string, AuthorizationErrorCode])[] = [
  ['request', 'request_not_supported'],
  ['request_uri', 'request_uri_not_supported'],
  ['registration', 'registration_not_supported'],
]

/** The parameters beside those that say who asks, or the first mistake in them. */
export async function readDetails(
  auth: Auth,
  authorization: Authorization,
  client: Client,
  parameters: QueryParameters,
): Promise<RequestDetails | RequestMistake> {
  const { values } = parameters
  const wrong = formMistake(parameters) ?? challengeMistake(client, values)
  if (wrong !== null) return wrong
  const scopes = readRequestedScopes(auth, authorization.scopes, client, values.get('scope') ?? '')
  if ('error' in scopes) return scopes
  const wantsIdToken = scopes.openIdScopes.includes('openid')
  const nonce = wantsIdToken ? (values.get('nonce') ?? null) : null
  if (nonce !== null && nonce.length > 512) {
    return mistake('invalid_request', 'The nonce must have at most 512 characters')
  }
  const prompts = readPrompts(values.get('prompt'))
  if (prompts === null) {
    return mistake('invalid_request', 'The prompt must be none alone, or login and consent')
  }
  const maxAge = values.get('max_age')
  if (maxAge !== undefined && !/^\d{1,15}$/.test(maxAge)) {
    return mistake('invalid_request', 'The max_age must be a whole number of seconds')
  }
  const idTokenHint = values.get('id_token_hint')
  const hint =
    idTokenHint === undefined ? null : await authorization.idTokens?.readHint(idTokenHint)
  if (hint === undefined || (idTokenHint !== undefined && hint?.aud !== client.id)) {
    return mistake('invalid_request', 'The id_token_hint is no ID token that this client got here')
  }
  return {
    ...scopes,
    ...{ nonce, prompts, hint },
    codeChallenge: values.get('code_challenge') ?? null,
    maxAge: maxAge === undefined ? null : Number(maxAge),
    acrValues: (values.get('acr_values') ?? '').split(' ').filter((each) => each !== ''),
    loginHint: readLoginHint(values.get('login_hint')),
  }
}

function formMistake({ values, repeated }: QueryParameters): RequestMistake | null {
  if (repeated.size > 0) return mistake('invalid_request', 'A parameter occurs more than once')
  if ((values.get('state') ?? '').length > stateMaxLength) {
    return mistake('invalid_request', `The state must have at most ${stateMaxLength} characters`)
  }
  for (const [name, error] of notServed) {
    if (values.has(name)) return mistake(error, `The parameter ${name} is not supported`)
  }
  const mode = values.get('response_mode') ?? 'query'
  if (mode !== 'query' && mode !== 'form_post') {
    return mistake('invalid_request', 'The response_mode must be query or form_post')
  }
  const type = values.get('response_type')
  if (type === undefined) {
    return mistake('invalid_request', 'The parameter response_type is missing')
  }
  // RFC 9700 §2.1.2: no token in any URL.
  return type === 'code'
    ? null
    : mistake('unsupported_response_type', 'The response_type must be code')
}

/** Characters. */
export const stateMaxLength: number = 1024

function challengeMistake(
  { pkce, confidential }: Client,
  values: ReadonlyMap<string, string>,
): RequestMistake | null {
  const challenge = values.get('code_challenge')
  const method = values.get('code_challenge_method')
  if (challenge === undefined && method === undefined && pkce === 'optional' && confidential) {
    return null
  }
  if (challenge === undefined) {
    return mistake('invalid_request', 'The code_challenge is missing (RFC 7636)')
  }
  // §4.3: without a method it would be plain, which shows the verifier to all who see the request.
  if (method !== 'S256') {
    return mistake('invalid_request', 'The code_challenge_method must be S256')
  }
  return isCodeChallenge(challenge)
    ? null
    : mistake('invalid_request', 'The code_challenge must be 43 characters of base64url')
}

const promptNames: readonly string[] = ['none', 'login', 'consent', 'select_account']

function readPrompts(text = ''): readonly Prompt[] | null {
  const prompts = text.split(' ').filter((each) => each !== '')
  const areKnown = prompts.every((each) => promptNames.includes(each))
  return areKnown && (prompts.length === 1 || !prompts.includes('none'))
    ? (prompts as Prompt[])
    : null
}

/** One that is too long is no username: it is left out, as a wish may be. */
function readLoginHint(text = ''): string {
  return text.length > 254 ? '' : text
}
