import { ConfigError } from '../../core/errors.ts'
import type { HostedEndpoints, HostedPlace } from '../endpoints/hosted-endpoints.ts'
import { mountJson } from '../endpoints/mount-json.ts'
import { formMaxBytes } from '../form.ts'
import type { EndpointRequest, MountedEndpoint } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { answerAuthorization } from './authorization-endpoint.ts'
import { answerConfirmedLogout, answerLogout } from './end-session.ts'
import {
  createFlow,
  type Flow,
  type FlowPathName,
  flowPaths,
  type OwnLoginPage,
  type OwnPageName,
} from './flow.ts'
import { flowRefusals, withPages } from './flow-answers.ts'
import { grantEndpoints } from './grants-endpoint.ts'
import { createLoginSubmission, type LoginSubmission } from './login-form.ts'
import { openIdEndpoints } from './openid-endpoints.ts'
import { createOwnAnswers } from './own/answer-own-page.ts'
import { allOwnPages, ownPagesOf, type UnloadedPage } from './own/own-pages.ts'
import { answerLogin, answerQuestion } from './request-forms.ts'
import { userinfoPath } from './userinfo.ts'

/** Whose pages people see. */
export interface HostedPageSettings {
  /** Null: ours. */
  readonly loginPage: OwnLoginPage | null
  /** Whether users look after their account on our pages. */
  readonly hasAccountPages: boolean
}

/**
 * Everything that browsers and clients ask of a login by browser.
 *
 * @throws {ConfigError} where it is mounted, if another endpoint has a path of these, or pages would be hard to read.
 */
export function hostedEndpoints({
  loginPage,
  hasAccountPages,
}: HostedPageSettings): HostedEndpoints {
  return (auth, authorization, place) => {
    refuseTakenPaths(place)
    const { mePath } = place
    const own = ownPagesOf(auth, place, hasAccountPages)
    const ownPages = new Set(own.map(({ name }) => name))
    const flow = createFlow(auth, authorization, place, { loginPage, ownPages })
    return [
      ...flowEndpoints(flow, own, place),
      ...passkeyEndpoints(flow, place),
      ...(mePath === null ? [] : grantEndpoints.map((each) => mountJson(each, auth, mePath))),
      ...openIdEndpoints(auth, authorization, place),
    ]
  }
}

/** @throws {ConfigError} if an option has put another endpoint where people log in. */
function refuseTakenPaths({ oauth, base, mePath }: HostedPlace): void {
  const logins = allOwnPages.map(({ name }) => `${flowPaths[name]}/login`)
  const below = [...Object.values(flowPaths), ...logins, userinfoPath].map((path) => base + path)
  const own = mePath === null ? [] : grantEndpoints.map(({ path }) => mePath + path)
  const ours = [...below, ...own]
  const problems = Object.entries(oauth).flatMap(([name, endpoints]) =>
    endpoints
      .filter(({ path }) => ours.includes(path))
      .map(({ path }) => `The ${name} endpoint cannot be at ${path}: login by browser is.`),
  )
  if (problems.length > 0) throw new ConfigError(problems)
}

type Answer = (
  flow: Flow,
  request: EndpointRequest,
  submit: LoginSubmission,
) => Promise<EndpointAnswer>

type PasskeyPathName = 'passkey' | 'passkeyScript'

const answers: Readonly<Record<Exclude<FlowPathName, OwnPageName | PasskeyPathName>, Answer>> = {
  authorize: answerAuthorization,
  login: answerLogin,
  consent: answerQuestion,
  logout: answerLogout,
  confirmLogout: answerConfirmedLogout,
}

function flowEndpoints(
  flow: Flow,
  own: readonly UnloadedPage[],
  place: HostedPlace,
): readonly MountedEndpoint[] {
  const submit = createLoginSubmission(flow)
  const names = Object.keys(answers) as (keyof typeof answers)[]
  return [
    ...names.map((name) =>
      endpointOf(flow, place, {
        ...{ path: flowPaths[name], sharesPath: false },
        answer: (request) => answers[name](flow, request, submit),
      }),
    ),
    ...own.flatMap(({ name, load, sharesPath }) => {
      const { page, login } = createOwnAnswers(flow, load, submit)
      const path = flowPaths[name]
      return [
        endpointOf(flow, place, { path, sharesPath, answer: page }),
        endpointOf(flow, place, { path: `${path}/login`, sharesPath: false, answer: login }),
      ]
    }),
  ]
}

/** What the script of pages asks for. @throws {ConfigError} if the script is not installed. */
function passkeyEndpoints(flow: Flow, place: HostedPlace): readonly MountedEndpoint[] {
  const { passkeys } = flow
  if (passkeys === null) return []
  requirePasskeyBundle()
  const load = () => import('./passkeys/passkey-endpoints.ts')
  return [
    endpointOf(flow, place, {
      ...{ path: flowPaths.passkey, sharesPath: false },
      answer: async (request) => (await load()).answerPasskeyChallenge(flow, request, passkeys),
    }),
    endpointOf(flow, place, {
      ...{ path: flowPaths.passkeyScript, sharesPath: false },
      answer: async (request) => (await load()).answerPasskeyScript(flow, request),
    }),
  ]
}

function requirePasskeyBundle(): void {
  try {
    import.meta.resolve('@simplewebauthn/browser')
  } catch (cause) {
    throw new ConfigError(
      [
        'Login pages with passkeys need the package @simplewebauthn/browser: npm install @simplewebauthn/browser@14.',
      ],
      { cause },
    )
  }
}

function endpointOf(
  flow: Flow,
  { base }: HostedPlace,
  { path, sharesPath, answer }: Pick<MountedEndpoint, 'path' | 'sharesPath' | 'answer'>,
): MountedEndpoint {
  return {
    ...{ path: base + path, sharesPath, bodyLimit: formMaxBytes, refusals: flowRefusals(flow) },
    methods: ['GET', 'POST'],
    documentation: undefined,
    answer: withPages(flow, answer),
  }
}
