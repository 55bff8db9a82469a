import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import type { HostedEndpoints } from '../endpoints/hosted-endpoints.ts'
import type { EndpointRequest, MountedEndpoint } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { answerApps, answerAppsLogin } from './apps-page.ts'
import { answerAuthorization } from './authorization-endpoint.ts'
import { answerConfirmedLogout, answerLogout } from './end-session.ts'
import {
  createFlow,
  type Flow,
  type FlowPathName,
  flowPathNames,
  flowPaths,
  type OwnLoginPage,
} from './flow.ts'
import { flowRefusals, withPages } from './flow-answers.ts'
import { flowFormMaxBytes } from './flow-form.ts'
import { grantsEndpoint } from './grants-endpoint.ts'
import { createLoginSubmission } from './login-form.ts'
import { openIdEndpoints } from './openid-endpoints.ts'
import { answerLogin, answerQuestion } from './request-forms.ts'

/** Everything that browsers and clients ask of a login by browser. */
export function hostedEndpoints(loginPage: OwnLoginPage | null): HostedEndpoints {
  return (auth: Auth, place) => {
    const { hosted } = auth[internals]
    if (hosted === null) return []
    const flow = createFlow(auth, hosted.authorization, place, loginPage)
    return [
      ...flowEndpoints(flow, place.base),
      grantsEndpoint(auth, hosted.authorization.consents, place.base),
      ...openIdEndpoints(auth, place),
    ]
  }
}

type Answer = (flow: Flow, request: EndpointRequest) => Promise<EndpointAnswer>

function flowEndpoints(flow: Flow, base: string): readonly MountedEndpoint[] {
  const submit = createLoginSubmission(flow)
  const answers: Readonly<Record<FlowPathName, Answer>> = {
    authorize: answerAuthorization,
    login: (_, request) => answerLogin(flow, request, submit),
    consent: answerQuestion,
    logout: answerLogout,
    confirmLogout: answerConfirmedLogout,
    apps: answerApps,
    appsLogin: (_, request) => answerAppsLogin(flow, request, submit),
  }
  return flowPathNames.map((name) => ({
    ...{ path: base + flowPaths[name], bodyLimit: flowFormMaxBytes, refusals: flowRefusals(flow) },
    methods: ['GET', 'POST'],
    documentation: undefined,
    answer: withPages(flow, (request) => answers[name](flow, request)),
  }))
}
