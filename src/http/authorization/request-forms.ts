import type { BrowserSession } from '../../core/authorization/authorization.ts'
import { actorOf } from '../../core/events/events.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import {
  answerRefused,
  askAgain,
  backToRequest,
  findVisitor,
  judge,
  loginPlace,
} from './authorization-endpoint.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import { questionBinding } from './consent-view.ts'
import type { Flow } from './flow.ts'
import { moveOn, refuseMethod, showError } from './flow-answers.ts'
import { type FlowForm, isAnswer, isOurForm, readFlowForm } from './flow-form.ts'
import type { Visitor } from './interaction.ts'
import type { LoginSubmission } from './login-form.ts'
import { formatQuery } from './query-parameters.ts'
import type { Step } from './step-proof.ts'

/** Answers the login form of an authorization request. */
export async function answerLogin(
  flow: Flow,
  request: EndpointRequest,
  submit: LoginSubmission,
): Promise<EndpointAnswer> {
  const asking = await readAsking(flow, request)
  if ('status' in asking) return asking
  const { digest, parameters, target } = asking
  // What was done before a step-up has been done after it too. A login begins with nothing.
  const steps = parameters.proof === null ? [] : (await findVisitor(flow, request, asking)).steps
  return await submit(request, {
    ...loginPlace(flow, asking),
    clientId: target.client.id,
    next({ opened, isStepUp }) {
      const done: readonly Step[] = isStepUp ? [...steps, 'factor'] : ['login']
      const proof = flow.steps.seal(done, digest, opened.session)
      return `${flow.paths.authorize}?${formatQuery(parameters, proof)}`
    },
  })
}

/** Answers the form of a question: what a client may do, or whether to go on. */
export async function answerQuestion(
  flow: Flow,
  request: EndpointRequest,
): Promise<EndpointAnswer> {
  const asking = await readAsking(flow, request)
  if ('status' in asking) return asking
  const form = await readFlowForm(flow, request)
  if (isAnswer(form)) return form
  const visitor = await findVisitor(flow, request, asking)
  const { browser } = visitor
  const { digest, parameters } = asking
  const goOn = (proof: string | null): EndpointAnswer => {
    const texts = flow.textsFor(request, parameters.values.get('ui_locales'))
    return moveOn(flow, texts, `${flow.paths.authorize}?${formatQuery(parameters, proof)}`)
  }
  if (browser === null) return goOn(null)
  const [kind, scope] = [form.get('form') ?? '', form.get('scope') ?? '']
  if (!isOurForm(flow, request, form, questionBinding(kind, digest, browser, scope))) {
    const again = await refuseQuestion(flow, request, asking, visitor, form)
    return again ?? goOn(parameters.proof)
  }
  const step = await takeStep(flow, request, asking, browser, form)
  if (step === null) return showError(flow, request, 400, 'unreadable')
  return goOn(flow.steps.seal([...visitor.steps, step], digest, browser.session))
}

/** The request behind a form; or the answer in place of it. */
async function readAsking(
  flow: Flow,
  request: EndpointRequest,
): Promise<AuthorizationRequest | EndpointAnswer> {
  const { method } = request
  if (method === 'GET' || method === 'HEAD') return backToRequest(flow.paths.authorize, request)
  if (method !== 'POST') return refuseMethod(flow, request)
  const judged = await judge(flow, request)
  return judged.kind === 'request' ? judged.request : await answerRefused(flow, request, judged)
}

/** Shows the question to whom it is for; null if there is none any more. */
async function refuseQuestion(
  flow: Flow,
  request: EndpointRequest,
  asking: AuthorizationRequest,
  visitor: Visitor,
  form: FlowForm,
): Promise<EndpointAnswer | null> {
  const isOther = form.get('user') !== visitor.browser?.user.id
  return await askAgain(flow, request, asking, visitor, {
    status: 403,
    problem: ({ problems }) => (isOther ? problems.otherUser : problems.expired),
  })
}

/** Does what was decided. Null for a form that is none. */
async function takeStep(
  { authorization: { consents } }: Flow,
  { address, requestId }: EndpointRequest,
  { target: { client } }: AuthorizationRequest,
  { user }: BrowserSession,
  form: FlowForm,
): Promise<Step | null> {
  const decision = form.get('decision')
  if (decision === 'deny') return 'denied'
  if (decision === 'switch') return 'switch'
  if (decision !== 'allow') return null
  if (form.get('form') === 'continue') return 'continued'
  // What was on the page, whatever could be asked by now. The application's own clients need none.
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  if (!client.firstParty) {
    const by = { actor: actorOf({ userId: user.id }), address, requestId }
    await consents.allow(user.id, client.id, scopes, by)
  }
  return 'consent'
}
