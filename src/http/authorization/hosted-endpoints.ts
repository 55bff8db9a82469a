import { ConfigError } from '../../core/errors.ts'
import type { HostedEndpoints, HostedPlace } from '../endpoints/hosted-endpoints.ts'
import { mountJson } from '../endpoints/mount-json.ts'
import { formMaxBytes } from '../form.ts'
import type { EndpointRequest, MountedEndpoint } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { answerApps, answerAppsLogin } from './apps-page.ts'
import { answerAuthorization } from './authorization-endpoint.ts'
import { answerEmail, answerEmailLogin, hasEmailPage } from './email-page.ts'
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
import { grantEndpoints } from './grants-endpoint.ts'
import { createLoginSubmission, type LoginSubmission } from './login-form.ts'
import { openIdEndpoints } from './openid-endpoints.ts'
import { answerLogin, answerQuestion } from './request-forms.ts'
import { userinfoPath } from './userinfo.ts'

/**
 * Everything that browsers and clients ask of a login by browser.
 *
 * @throws {ConfigError} where it is mounted, if another endpoint has a path of these, or pages would be hard to read.
 */
export function hostedEndpoints(loginPage: OwnLoginPage | null): HostedEndpoints {
  return (auth, authorization, place) => {
    refuseTakenPaths(place)
    const { mePath } = place
    const flow = createFlow(auth, authorization, place, loginPage)
    return [
      ...flowEndpoints(flow, place),
      ...(mePath === null ? [] : grantEndpoints.map((each) => mountJson(each, auth, mePath))),
      ...openIdEndpoints(auth, authorization, place),
    ]
  }
}

/** @throws {ConfigError} if an option has put another endpoint where people log in. */
function refuseTakenPaths({ oauth, base, mePath }: HostedPlace): void {
  const below = [...Object.values(flowPaths), userinfoPath].map((path) => base + path)
  const own = mePath === null ? [] : grantEndpoints.map(({ path }) => mePath + path)
  const ours = [...below, ...own]
  const problems = Object.entries(oauth).flatMap(([name, endpoints]) =>
    endpoints
      .filter(({ path }) => ours.includes(path))
      .map(({ path }) => `The ${name} endpoint cannot be at ${path}: login by browser is.`),
  )
  if (problems.length > 0) throw new ConfigError(problems)
}

const emailPaths: readonly FlowPathName[] = ['email', 'emailLogin']

type Answer = (
  flow: Flow,
  request: EndpointRequest,
  submit: LoginSubmission,
) => Promise<EndpointAnswer>

const answers: Readonly<Record<FlowPathName, Answer>> = {
  authorize: answerAuthorization,
  login: answerLogin,
  consent: answerQuestion,
  logout: answerLogout,
  confirmLogout: answerConfirmedLogout,
  apps: answerApps,
  appsLogin: answerAppsLogin,
  email: answerEmail,
  emailLogin: answerEmailLogin,
}

function flowEndpoints(flow: Flow, { base, pages }: HostedPlace): readonly MountedEndpoint[] {
  const submit = createLoginSubmission(flow)
  const hasEmail = pages !== false && hasEmailPage(flow.auth)
  const names = flowPathNames.filter((name) => hasEmail || !emailPaths.includes(name))
  return names.map((name) => ({
    ...{ path: base + flowPaths[name], bodyLimit: formMaxBytes, refusals: flowRefusals(flow) },
    methods: ['GET', 'POST'],
    // PUT and DELETE of `/email` below `mePath` may be there.
    sharesPath: name === 'email',
    documentation: undefined,
    answer: withPages(flow, (request) => answers[name](flow, request, submit)),
  }))
}
