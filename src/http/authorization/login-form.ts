import type { BrowserSession } from '../../core/authorization/authorization.ts'
import { browserClientId } from '../../core/clients/registration.ts'
import { recoveryCodesPage } from '../../pages/factor-page.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { writeSessionCookie } from './browser-session.ts'
import type { Flow } from './flow.ts'
import { moveOn, redirectTo, refuseMethod, showError, showPage } from './flow-answers.ts'
import { type FlowForm, isAnswer, isOurForm, readFlowForm } from './flow-form.ts'
import { type LoginOutcome, logInWithPassword } from './login-attempt.ts'
import { type LoginFailure, type LoginPlace, loginForm, showLogin } from './login-view.ts'
import { createRepeatedSubmissions, type RepeatedSubmissions } from './repeated-submissions.ts'

/** What a login form belongs to. */
export interface LoginPurpose extends LoginPlace {
  /** For events. */
  readonly clientId: string
  /** Where the browser goes on in its new session. */
  readonly next: (outcome: LoginOutcome & { readonly kind: 'opened' }) => string
}

/** Answers a login form that was sent. */
export type LoginSubmission = (
  request: EndpointRequest,
  purpose: LoginPurpose,
) => Promise<EndpointAnswer>

/** Answers the login form of a page of a user's own, such as that of their applications. */
export async function answerPageLogin(
  flow: Flow,
  request: EndpointRequest,
  place: LoginPlace,
  submit: LoginSubmission,
): Promise<EndpointAnswer> {
  const { method } = request
  const { continueAt } = place
  if (method === 'GET' || method === 'HEAD') return redirectTo(continueAt)
  if (method !== 'POST') return refuseMethod(flow, request)
  return await submit(request, { ...place, clientId: browserClientId, next: () => continueAt })
}

export function createLoginSubmission(flow: Flow): LoginSubmission {
  const { browserSessions } = flow.authorization
  const repeated = createRepeatedSubmissions<LoginOutcome>(
    flow.auth.clock,
    async (outcome) =>
      outcome.kind === 'opened' && (await browserSessions.read(outcome.opened.cookie)) !== null,
  )
  return async (request, purpose) => {
    const form = await readFlowForm(flow, request)
    if (isAnswer(form)) return form
    if (form.has('factor')) return await submitFactor(flow, request, purpose, form)
    const username = form.get('username') ?? ''
    // Before the browser is looked up, and before any password is hashed.
    const foreign = foreignForm(flow, request, purpose, form)
    if (foreign === 'cookiesOff') return showError(flow, request, 403, 'cookiesOff')
    if (foreign !== null) return await showLogin(flow, request, purpose, username, foreign)
    const outcome = await logIn(flow, repeated, request, purpose, form)
    if (outcome.kind === 'failed') return await showLogin(flow, request, purpose, username, outcome)
    const stays = form.get('stay') === 'on'
    if (outcome.kind === 'opened') return welcome(flow, request, purpose, outcome, stays)
    const { beginFactorStep } = await import('./factor-step.ts')
    const { user, demand } = outcome
    const begun = await beginFactorStep(flow, request, purpose, user, { demand, stays })
    return begun ?? (await showLogin(flow, request, purpose, username, loginEnded))
  }
}

/**
 * Whether it is not the form that this browser was shown for this request (RFC 6749 §10.12): else somebody could
 * log others in as somebody they are not.
 */
function foreignForm(
  flow: Flow,
  request: EndpointRequest,
  { digest }: LoginPlace,
  form: FlowForm,
): LoginFailure | 'cookiesOff' | null {
  if (isOurForm(flow, request, form, { form: loginForm, request: digest })) return null
  const cookie = flow.cookies.form.read(request.guarded)
  if (cookie === null && form.has('again')) return 'cookiesOff'
  return {
    ...{ status: 403, withoutCookie: cookie === null },
    problem: ({ problems }) => problems.expired,
  }
}

async function logIn(
  flow: Flow,
  repeated: RepeatedSubmissions<LoginOutcome>,
  request: EndpointRequest,
  { clientId, digest }: LoginPurpose,
  form: FlowForm,
): Promise<LoginOutcome> {
  const [username, password] = [form.get('username') ?? '', form.get('password') ?? '']
  const credential = flow.passkeys === null ? '' : (form.get('credential') ?? '')
  const passkey = { challengeId: form.get('challenge_id') ?? '', credential }
  if (credential === '' && (username === '' || password === '')) {
    return { kind: 'failed', status: 422, problem: ({ problems }) => problems.missing }
  }
  const browser = await flow.readBrowser(request)
  const parts = [
    ...[flow.cookies.form.read(request.guarded) ?? '', form.get('csrf') ?? '', digest],
    ...[sessionText(browser), ...(credential === '' ? [username, password] : [credential])],
  ]
  return await repeated.once(parts, async () => {
    if (credential === '') {
      return await logInWithPassword(flow, request, { username, password, clientId }, browser)
    }
    const { logInWithPasskey } = await import('./passkeys/passkey-attempt.ts')
    return await logInWithPasskey(flow, request, { ...passkey, clientId }, browser)
  })
}

const loginEnded: LoginFailure = { status: 403, problem: ({ problems }) => problems.loginEnded }

/** The form after the password: a code, with which the session opens. */
async function submitFactor(
  flow: Flow,
  request: EndpointRequest,
  purpose: LoginPurpose,
  form: FlowForm,
): Promise<EndpointAnswer> {
  if (flow.auth.factors === null) return await showLogin(flow, request, purpose, '', loginEnded)
  const { takeFactorStep } = await import('./factor-step.ts')
  const outcome = await takeFactorStep(flow, request, purpose, form)
  if (outcome.kind === 'shown') return outcome.answer
  if (outcome.kind === 'ended') {
    return await showLogin(flow, request, purpose, outcome.username, loginEnded)
  }
  return welcome(flow, request, purpose, outcome, outcome.stays, outcome.recoveryCodes)
}

function sessionText(browser: BrowserSession | null): string {
  return browser === null ? '' : `${browser.session.id} ${browser.session.generation}`
}

function welcome(
  flow: Flow,
  request: EndpointRequest,
  { wished, next }: LoginPurpose,
  outcome: LoginOutcome & { readonly kind: 'opened' },
  isToStay: boolean,
  recoveryCodes: readonly string[] | null = null,
): EndpointAnswer {
  const cookie = writeSessionCookie(flow, outcome.opened, isToStay)
  const texts = flow.textsFor(request, wished)
  const url = next(outcome)
  if (recoveryCodes === null) return moveOn(flow, texts, url, [cookie])
  const page = recoveryCodesPage({ site: flow.site, texts, codes: recoveryCodes, url })
  return showPage(200, page, texts, { cookies: [cookie] })
}
