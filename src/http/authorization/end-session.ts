import type { BrowserSession } from '../../core/authorization/authorization.ts'
import type { Client } from '../../core/clients/clients.ts'
import { isPostLogoutRedirectUriOf } from '../../core/clients/redirect-uri.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import { loggedOutPage, logoutQuestionPage } from '../../pages/logout-page.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { IdTokenHint } from './authorization-details.ts'
import { backToRequest, postAsGet } from './authorization-endpoint.ts'
import { addToQuery } from './authorization-response.ts'
import type { Flow } from './flow.ts'
import { flowHeaders, redirectTo, refuseMethod, showError, showPage } from './flow-answers.ts'
import { isAnswer, isOurForm, readFlowForm } from './flow-form.ts'
import {
  digestOf,
  formatQuery,
  isTooLong,
  type QueryParameters,
  readQuery,
} from './query-parameters.ts'

/** A request for a log-out (OpenID Connect RP-Initiated Logout §2). */
interface LogoutRequest {
  readonly parameters: QueryParameters
  /** What an ID token of ours says that a client got here; null for anything else. */
  readonly hint: IdTokenHint | null
  /** The client that asks, as far as it can be told. */
  readonly client: Client | null
  /** Where it has its users come back to: registered, and with `state`. Null for nowhere. */
  readonly back: string | null
}

/**
 * Answers a request for a log-out. Only a client that shows an ID token of this very login ends it at once. Anybody
 * else could have made the link: a person is asked first (§2, §6).
 */
export async function answerLogout(flow: Flow, request: EndpointRequest): Promise<EndpointAnswer> {
  const { method } = request
  if (method === 'POST') return await postAsGet(flow, request, flow.paths.logout)
  // What looks at a link without following it logs nobody out.
  if (method === 'HEAD') return { status: 200, headers: flowHeaders, body: null }
  if (method !== 'GET') return refuseMethod(flow, request)
  const asking = await readLogout(flow, request)
  if ('status' in asking) return asking
  const browser = await flow.readBrowser(request)
  const isProved = await isOfSession(flow, asking.hint, browser)
  if (browser !== null && !isProved) return showQuestion(flow, request, asking, browser)
  if (browser !== null) await end(flow, request, browser)
  const { hint, back } = asking
  if (browser === null && hint !== null) await endOne(flow, request, hint)
  const cookies = forget(flow)
  // Nobody is logged in: only a client that shows an ID token is trusted to be one that has logged somebody in.
  return hint !== null && back !== null
    ? redirectTo(back, cookies)
    : showDone(flow, request, asking, cookies)
}

/** Answers the form that says yes. */
export async function answerConfirmedLogout(
  flow: Flow,
  request: EndpointRequest,
): Promise<EndpointAnswer> {
  const { method } = request
  if (method === 'GET' || method === 'HEAD') return backToRequest(flow.paths.logout, request)
  if (method !== 'POST') return refuseMethod(flow, request)
  const asking = await readLogout(flow, request)
  if ('status' in asking) return asking
  const form = await readFlowForm(flow, request)
  if (isAnswer(form)) return form
  const browser = await flow.readBrowser(request)
  if (browser !== null) {
    const isOurs = isOurForm(flow, request, form, logoutBinding(asking, browser))
    if (!isOurs) return showQuestion(flow, request, asking, browser, 403)
    await end(flow, request, browser)
  }
  return showDone(flow, request, asking, forget(flow))
}

/** The request; or the page that says what is wrong with it. */
async function readLogout(
  flow: Flow,
  request: EndpointRequest,
): Promise<LogoutRequest | EndpointAnswer> {
  const { auth, authorization } = flow
  const parameters = readQuery(request.query)
  if (parameters === null) {
    return showError(flow, request, 400, isTooLong(request.query) ? 'tooLong' : 'unreadable')
  }
  const { values, repeated } = parameters
  if (repeated.size > 0) return showError(flow, request, 400, 'repeated')
  const token = values.get('id_token_hint')
  const read = token === undefined ? null : await authorization.idTokens?.readHint(token)
  const named = values.get('client_id')
  // One that another client got proves nothing for this one.
  const hint = read && (named === undefined || named === read.aud) ? read : null
  const clientId = hint?.aud ?? named
  const client = clientId === undefined ? null : await auth.clients.find(clientId)
  const uri = values.get('post_logout_redirect_uri')
  if (uri === undefined || client === null) return { parameters, hint, client, back: null }
  if (!isPostLogoutRedirectUriOf(client, uri)) {
    return showError(flow, request, 400, 'redirectUnregistered')
  }
  const state = values.get('state')
  const back = addToQuery(uri, state === undefined ? [] : [['state', state]])
  return { parameters, hint, client, back }
}

/** Whether the ID token is of a login that was made through this session of the browser. */
async function isOfSession(
  { auth }: Flow,
  hint: IdTokenHint | null,
  browser: BrowserSession | null,
): Promise<boolean> {
  if (hint === null || browser === null || hint.sub !== browser.user.id) return false
  const opened = await auth[internals].store.sessions.find(hint.sid)
  return opened?.parentId === browser.session.id && opened.clientId === hint.aud
}

async function end(
  { authorization }: Flow,
  { address, requestId }: EndpointRequest,
  { session, user }: BrowserSession,
): Promise<void> {
  const by = { actor: actorOf({ userId: user.id }), address, requestId }
  await authorization.browserSessions.end(session.id, by)
}

/**
 * Ends the session of an ID token, whose browser session is not here any more: a new password ends that, and keeps
 * the session in which it was set.
 */
async function endOne(
  { auth }: Flow,
  { address, requestId }: EndpointRequest,
  { sub, aud, sid }: IdTokenHint,
): Promise<void> {
  const opened = await auth[internals].store.sessions.find(sid)
  if (opened?.userId !== sub || opened.clientId !== aud || opened.offline) return
  await auth.sessions.end(sid, { by: { actor: actorOf({ userId: sub }), address, requestId } })
}

/** The form cookie too: what was shown to somebody who has gone is worth nothing. */
function forget({ cookies }: Flow): readonly string[] {
  return [cookies.session.clear(), cookies.form.clear()]
}

function logoutBinding(
  { parameters }: LogoutRequest,
  { session }: BrowserSession,
): Parameters<Flow['csrf']['create']>[1] {
  return { form: 'logout', request: digestOf(parameters), shown: [session.id] }
}

function showQuestion(
  flow: Flow,
  request: EndpointRequest,
  asking: LogoutRequest,
  browser: BrowserSession,
  status = 200,
): EndpointAnswer {
  const { site, csrf, paths } = flow
  const { parameters } = asking
  const texts = flow.textsFor(request, parameters.values.get('ui_locales'))
  const { value, cookies } = flow.formCookie(request)
  const page = logoutQuestionPage({
    ...{ site, texts, username: browser.user.username },
    action: `${paths.confirmLogout}?${formatQuery(parameters)}`,
    hidden: { csrf: csrf.create(value, logoutBinding(asking, browser)) },
  })
  return showPage(status, page, texts, { cookies })
}

function showDone(
  flow: Flow,
  request: EndpointRequest,
  { parameters, client, back }: LogoutRequest,
  cookies: readonly string[],
): EndpointAnswer {
  const { site } = flow
  const texts = flow.textsFor(request, parameters.values.get('ui_locales'))
  const link = client !== null && back !== null ? { name: client.name, uri: back } : null
  return showPage(200, loggedOutPage({ site, texts, back: link }), texts, { cookies })
}
