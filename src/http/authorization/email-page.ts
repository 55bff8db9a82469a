import type { EmailChange } from '../../core/accounts/email-change.ts'
import type { Auth } from '../../core/auth.ts'
import type { BrowserSession } from '../../core/authorization/authorization.ts'
import { UserError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import { answerError } from '../error-answers.ts'
import { defaultMaxAge, isRecent } from '../guards/recent-login.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { lacksFactor } from './browser-session.ts'
import { emailForms } from './email-forms.ts'
import { type EmailFormName, emailBinding, showCode, showEmail } from './email-view.ts'
import type { Flow } from './flow.ts'
import { moveOn, refuseMethod, showError } from './flow-answers.ts'
import { isAnswer, isOurForm, readFlowForm } from './flow-form.ts'
import { answerPageLogin, type LoginSubmission } from './login-form.ts'
import { type LoginPlace, showLogin } from './login-view.ts'
import { readQuery } from './query-parameters.ts'

/** True if users change their address on our page: they may, and the application names no page of its own. */
export function hasEmailPage(auth: Auth): boolean {
  const { links } = auth[internals].accountSettings ?? {}
  return auth.accounts.emailChange !== null && links?.emailChange === undefined
}

/** Answers the page on which users change their e-mail address. Who has not logged in recently does so there first. */
export async function answerEmail(flow: Flow, request: EndpointRequest): Promise<EndpointAnswer> {
  const { method } = request
  if (method === 'POST') return await submit(flow, request)
  if (method !== 'GET' && method !== 'HEAD') return refuseMethod(flow, request)
  const found = await flow.readBrowser(request)
  const browser = recent(flow, found)
  const step = stepOf(request)
  if (browser === null) {
    return showLogin(flow, request, loginOf(flow, step), found?.user.username ?? '')
  }
  return step === 'code'
    ? showCode(flow, request, browser, { email: '' })
    : showEmail(flow, request, browser)
}

/** Answers the login form of that page. */
export async function answerEmailLogin(
  flow: Flow,
  request: EndpointRequest,
  submitLogin: LoginSubmission,
): Promise<EndpointAnswer> {
  return await answerPageLogin(flow, request, loginOf(flow, stepOf(request)), submitLogin)
}

/** Where on the page somebody is. */
type Step = 'address' | 'code'

const codeQuery = '?step=code'

function stepOf({ query }: EndpointRequest): Step {
  return readQuery(query)?.values.get('step') === 'code' ? 'code' : 'address'
}

function pathOf({ paths }: Flow, step: Step): string {
  return step === 'code' ? paths.email + codeQuery : paths.email
}

function loginOf(flow: Flow, step: Step): LoginPlace {
  return {
    ...{ digest: '', client: null, continueAt: pathOf(flow, step) },
    action: step === 'code' ? flow.paths.emailLogin + codeQuery : flow.paths.emailLogin,
    lead: ({ email }) => email.login,
  }
}

/**
 * The session if somebody has logged in there recently, as `requireRecentLogin` asks of tokens, with all the factors
 * that their role demands. The cookie of before that login does not count: somebody else may have a copy of it.
 */
function recent({ auth }: Flow, browser: BrowserSession | null): BrowserSession | null {
  if (browser?.isNewest !== true || lacksFactor(auth, browser)) return null
  return isRecent(browser.session.authenticatedAt, defaultMaxAge, auth.clock) ? browser : null
}

async function submit(flow: Flow, request: EndpointRequest): Promise<EndpointAnswer> {
  const form = await readFlowForm(flow, request)
  if (isAnswer(form)) return form
  const name = form.get('form') ?? ''
  if (!isEmailForm(name)) return showError(flow, request, 400, 'unreadable')
  const browser = recent(flow, await flow.readBrowser(request))
  if (browser === null) {
    const step = name === 'confirm' || name === 'again' ? 'code' : 'address'
    return moveOn(flow, flow.textsFor(request), pathOf(flow, step))
  }
  const email = form.get('email') ?? ''
  const isOurs = isOurForm(flow, request, form, emailBinding(name, browser, email))
  if (!isOurs) return showError(flow, request, 403, 'foreign')
  // There is one where the page is.
  const change = flow.auth.accounts.emailChange as EmailChange
  try {
    return await emailForms[name](flow, request, browser, { change, form, email })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return explain(flow, request, browser, email, error)
  }
}

function isEmailForm(name: string): name is EmailFormName {
  return Object.hasOwn(emailForms, name)
}

/** The form with what is wrong, at its field. */
function explain(
  flow: Flow,
  request: EndpointRequest,
  browser: BrowserSession,
  email: string,
  error: UserError,
): EndpointAnswer {
  const { code, problems } = error
  const failure = {
    status: answerError(error)?.status ?? 422,
    problem: (texts: ReturnType<Flow['textsFor']>) =>
      problems.map((each) => texts.problems.reason(each)).join(' '),
  }
  if (code === 'code_incorrect') return showCode(flow, request, browser, { email, failure })
  if (code === 'email_invalid' || code === 'email_taken') {
    return showEmail(flow, request, browser, { email, failure })
  }
  // The user was deleted meanwhile: the page asks for a login.
  return moveOn(flow, flow.textsFor(request), flow.paths.email)
}
