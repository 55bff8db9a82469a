import type { BrowserSession } from '../../../core/authorization/authorization.ts'
import { ThrottledError, UserError } from '../../../core/errors.ts'
import type { EndpointRequest } from '../../mounted-endpoint.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { isFromOwnPage } from '../csrf.ts'
import type { Flow } from '../flow.ts'
import { moveOn, refuseMethod, showError } from '../flow-answers.ts'
import { type FlowForm, isAnswer, isOurForm, readFlowForm } from '../flow-form.ts'
import { answerPageLogin, type LoginSubmission } from '../login-form.ts'
import { type LoginPlace, showLogin } from '../login-view.ts'
import { readQuery } from '../query-parameters.ts'
import { createRepeatedSubmissions } from '../repeated-submissions.ts'
import { admit } from './admit.ts'
import { bindingOf } from './own-forms.ts'
import { doneQuery } from './own-notice.ts'
import {
  type OwnForm,
  type OwnPage,
  type OwnStep,
  pathOf,
  type Visit,
  withQuery,
} from './own-page.ts'
import { carriedTyped, typedQuery } from './own-typed.ts'

/** Answers what is asked of a page, and the login form in front of it. */
export interface OwnAnswers {
  page(request: EndpointRequest): Promise<EndpointAnswer>
  login(request: EndpointRequest): Promise<EndpointAnswer>
}

/**
 * The one place that decides who sees a page for users who are logged in, and which forms of it are taken.
 *
 * @param load Loads the page when it is first asked for.
 */
export function createOwnAnswers(
  flow: Flow,
  load: () => Promise<OwnPage>,
  submitLogin: LoginSubmission,
): OwnAnswers {
  // The answer of a form that is under way is also that of a second click on its button.
  const repeated = createRepeatedSubmissions<EndpointAnswer>(flow.auth.clock, () => false)

  async function show(page: OwnPage, request: EndpointRequest): Promise<EndpointAnswer> {
    const found = await flow.readBrowser(request)
    const [, step] = stepOf(page, request)
    const browser = await admit(flow, found, step.isDangerous ?? false)
    return browser === null
      ? await showLogin(flow, request, loginOf(flow, request, page), found?.user.username ?? '')
      : await step.show({ flow, request, browser, page })
  }

  async function submit(page: OwnPage, request: EndpointRequest): Promise<EndpointAnswer> {
    const form = await readFlowForm(flow, request)
    if (isAnswer(form)) return form
    const name = form.get('form') ?? ''
    const own = Object.hasOwn(page.forms, name) ? page.forms[name] : undefined
    if (own === undefined) return showError(flow, request, 400, 'unreadable')
    const { step = '' } = own
    const isOfSession = (session: BrowserSession): boolean => {
      const binding = bindingOf({ page, browser: session }, name, own, (each) => form.get(each))
      return isOurForm(flow, request, form, binding)
    }
    const isDangerous = own.isDangerous ?? page.steps[step]?.isDangerous ?? false
    const found = await flow.readBrowser(request)
    const browser = await admit(flow, found, isDangerous)
    // A cookie of before may be a copy: what it asks for is shown once more, and nothing is changed.
    if (!browser?.isNewest) {
      const typed =
        found && isOfSession(found) ? typedQuery({ flow, browser: found }, name, own, form) : {}
      return moveOn(flow, flow.textsFor(request), pathOf(flow, page, { step, ...typed }))
    }
    const visit = { flow, request, browser, page }
    if (!isFromOwnPage(request.header, flow.auth.issuer)) {
      return showError(flow, request, 403, 'foreign')
    }
    // It lay open for too long, or in a session that has ended.
    if (!isOfSession(browser)) {
      return leave(own, visit, doneQuery(visit, 'expired'))
    }
    if (own.state === undefined) return await perform(own, visit, form)
    const sent = [form.get('csrf') ?? '', browser.session.id]
    return await repeated.once(sent, () => performOnce(own, visit, form))
  }

  return {
    async page(request) {
      const { method } = request
      if (method === 'POST') return await submit(await load(), request)
      if (method === 'GET' || method === 'HEAD') return await show(await load(), request)
      return refuseMethod(flow, request)
    },
    async login(request) {
      const page = await load()
      return await answerPageLogin(flow, request, loginOf(flow, request, page), submitLogin)
    },
  }
}

function stepOf({ steps }: OwnPage, { query }: EndpointRequest): readonly [string, OwnStep] {
  const name = readQuery(query)?.values.get('step') ?? ''
  const found = Object.hasOwn(steps, name) ? steps[name] : undefined
  return found === undefined ? ['', steps['']] : [name, found]
}

function loginOf(flow: Flow, request: EndpointRequest, page: OwnPage): LoginPlace {
  const [name, { isDangerous }] = stepOf(page, request)
  const query = { step: name, typed: carriedTyped(flow, request) }
  const { lead } = page
  return {
    ...{ digest: '', client: null, continueAt: pathOf(flow, page, query) },
    action: withQuery(`${flow.paths[page.name]}/login`, query),
    ...(lead && isDangerous && { lead }),
  }
}

async function perform(own: OwnForm, visit: Visit, form: FlowForm): Promise<EndpointAnswer> {
  try {
    return await own.submit(visit, form)
  } catch (error) {
    if (!(error instanceof UserError || error instanceof ThrottledError)) throw error
    const explained = await visit.page.explain?.(visit, form, error)
    if (explained) return explained
    if (error instanceof ThrottledError) throw error
    // The user was deleted, or has changed meanwhile: the page asks for a login.
    return leave(own, visit)
  }
}

/** The same for a form that is taken once: when it is loaded again nothing happens, and nothing secret is shown. */
async function performOnce(own: OwnForm, visit: Visit, form: FlowForm): Promise<EndpointAnswer> {
  const isNew = (await own.state?.(visit)) === (form.get('state') ?? '')
  if (isNew) return await perform(own, visit, form)
  return leave(own, visit, doneQuery(visit, 'repeated'))
}

function leave({ step = '' }: OwnForm, { flow, request, page }: Visit, done = {}): EndpointAnswer {
  return moveOn(flow, flow.textsFor(request), pathOf(flow, page, { step, ...done }))
}
