import { internals } from '../../core/internals.ts'
import { formMaxBytes, isUrlencoded } from '../form.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import {
  type AuthorizationRequest,
  type JudgedRequest,
  judgeRequest,
} from './authorization-request.ts'
import { answerClient } from './authorization-response.ts'
import { showQuestion } from './consent-view.ts'
import type { Flow } from './flow.ts'
import {
  type FormFailure,
  flowHeaders,
  redirectTo,
  refuseMethod,
  showError,
} from './flow-answers.ts'
import { decideInteraction, type Interaction, type Visitor } from './interaction.ts'
import { type LoginPlace, showLogin } from './login-view.ts'
import { formatQuery, isTooLong, readQuery } from './query-parameters.ts'

/** Answers a request to the authorization endpoint (RFC 6749 §3.1). */
export async function answerAuthorization(
  flow: Flow,
  request: EndpointRequest,
): Promise<EndpointAnswer> {
  const { method } = request
  if (method === 'POST') return await postAsGet(flow, request, flow.paths.authorize)
  // What looks at a link without following it gets no code.
  if (method === 'HEAD') return { status: 200, headers: flowHeaders, body: null }
  if (method !== 'GET') return refuseMethod(flow, request)
  const judged = await judge(flow, request)
  if (judged.kind !== 'request') return await answerRefused(flow, request, judged)
  const asking = judged.request
  return await answerNext(flow, request, asking, await findVisitor(flow, request, asking))
}

export async function judge(flow: Flow, { query }: EndpointRequest): Promise<JudgedRequest> {
  return await judgeRequest(flow.auth, flow.authorization, query)
}

/** Who is here, and what they have done for the request. */
export async function findVisitor(
  flow: Flow,
  request: EndpointRequest,
  { parameters, digest, target }: AuthorizationRequest,
): Promise<Visitor> {
  const browser = await flow.readBrowser(request, target.client.id)
  return { browser, steps: flow.steps.open(parameters.proof, digest, browser) }
}

/** The answer to a request with a mistake. */
export async function answerRefused(
  flow: Flow,
  request: EndpointRequest,
  judged: Exclude<JudgedRequest, { kind: 'request' }>,
): Promise<EndpointAnswer> {
  const isPage = judged.kind === 'page'
  const clientId = isPage ? judged.clientId : judged.target.client.id
  const { address, requestId } = request
  await flow.auth[internals].events.record({
    type: 'authz_request_refused',
    ...{ address, requestId, ...(clientId !== null && { clientId }) },
    reason: isPage ? reasons[judged.says] : judged.description,
  })
  return isPage
    ? showError(flow, request, 400, judged.says)
    : answerClient(flow, request, judged.target, judged)
}

const reasons: Readonly<Partial<Record<string, string>>> = {
  clientUnknown: 'no such client',
  clientNotAllowed: 'the client has no login by browser',
  redirectMissing: 'the redirect URI is missing',
  redirectUnregistered: 'the redirect URI is not registered',
  repeated: 'the client or the redirect URI is named twice',
  tooLong: 'the parameters are too long',
  unreadable: 'the parameters cannot be read',
}

/** The answer to what comes next for a good request. */
async function answerNext(
  flow: Flow,
  request: EndpointRequest,
  asking: AuthorizationRequest,
  visitor: Visitor,
): Promise<EndpointAnswer> {
  const { auth, authorization } = flow
  const next = await decideInteraction(auth, authorization, asking, visitor)
  switch (next.kind) {
    case 'login':
      return await showLogin(flow, request, loginPlace(flow, asking), usernameFor(asking, visitor))
    case 'factor':
      return await askFactor(flow, request, asking, next)
    case 'consent':
    case 'continue':
      return showQuestion(flow, request, asking, next)
    case 'error':
      return answerClient(flow, request, asking.target, next)
    case 'code':
      return await answerWithCode(flow, request, asking, next)
  }
}

/** Only what is missing, in the session that is there. */
async function askFactor(
  flow: Flow,
  request: EndpointRequest,
  asking: AuthorizationRequest,
  { browser: { session, user }, demand }: Interaction & { readonly kind: 'factor' },
): Promise<EndpointAnswer> {
  const { beginFactorStep } = await import('./factor-step.ts')
  const place = loginPlace(flow, asking)
  const step = await beginFactorStep(flow, request, place, user, { demand, stays: false, session })
  return step ?? (await showLogin(flow, request, place, user.username))
}

async function answerWithCode(
  flow: Flow,
  request: EndpointRequest,
  asking: AuthorizationRequest,
  { browser, scopes }: Interaction & { readonly kind: 'code' },
): Promise<EndpointAnswer> {
  const { codeChallenge, nonce, target } = asking
  const { client, redirectUri } = target
  const code = await flow.authorization.codes.issue({
    ...{ browser, clientId: client.id, scopes, redirectUri, codeChallenge, nonce },
  })
  // The session has ended meanwhile.
  if (code === null) return await answerNext(flow, request, asking, { browser: null, steps: [] })
  return answerClient(flow, request, target, { code })
}

/** A question that is asked once more; if there is none any more, null. */
export async function askAgain(
  flow: Flow,
  request: EndpointRequest,
  asking: AuthorizationRequest,
  visitor: Visitor,
  failure: FormFailure,
): Promise<EndpointAnswer | null> {
  const next = await decideInteraction(flow.auth, flow.authorization, asking, visitor)
  const isQuestion = next.kind === 'consent' || next.kind === 'continue'
  return isQuestion ? showQuestion(flow, request, asking, next, failure) : null
}

/** The login form of a request. */
export function loginPlace(
  { paths }: Flow,
  { parameters, digest, target, acrValues }: AuthorizationRequest,
): LoginPlace {
  const query = formatQuery(parameters)
  return {
    action: `${paths.login}?${formatQuery(parameters, parameters.proof)}`,
    digest,
    client: target.client,
    continueAt: `${paths.authorize}?${query}`,
    wished: parameters.values.get('ui_locales'),
    wantsPasskey: acrValues.includes('phr'),
  }
}

/** What the field has at first. It looks nobody up. */
function usernameFor(
  { loginHint, hint }: AuthorizationRequest,
  { browser, steps }: Visitor,
): string {
  if (loginHint !== '') return loginHint
  const isOther = steps.includes('switch') || (hint !== null && hint.sub !== browser?.user.id)
  return isOther ? '' : (browser?.user.username ?? '')
}

/**
 * A form from the site of a client (OpenID Connect Core §3.1.2.1) comes without our cookie, which is Lax. The same
 * request by GET has it.
 */
export async function postAsGet(
  flow: Flow,
  request: EndpointRequest,
  path: string,
): Promise<EndpointAnswer> {
  const { header, query, readBody } = request
  const body = await readBody(formMaxBytes)
  if (body === null) return showError(flow, request, 413, 'tooLong')
  const isForm = isUrlencoded(header('content-type'))
  const isPlain = (header('content-encoding') ?? 'identity') === 'identity'
  const sent = [query, Buffer.from(body).toString()].filter((text) => text !== '').join('&')
  const parameters = isForm && isPlain ? readQuery(sent) : null
  if (parameters === null) {
    return showError(flow, request, 400, isTooLong(sent) ? 'tooLong' : 'unreadable')
  }
  return redirectTo(`${path}?${formatQuery(parameters)}`)
}

/** A form's own address that was asked for by GET, such as after a failed login: the request is asked again. */
export function backToRequest(path: string, { query }: EndpointRequest): EndpointAnswer {
  const parameters = readQuery(query)
  return redirectTo(`${path}?${parameters === null ? '' : formatQuery(parameters)}`)
}
