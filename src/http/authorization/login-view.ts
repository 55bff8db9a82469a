import { type LoginView, loginPage } from '../../pages/login-page.ts'
import { passkeyData, passkeyFields } from '../../pages/passkey-part.ts'
import type { LoginTexts } from '../../pages/texts/login-texts.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { Flow, OwnLoginView } from './flow.ts'
import { type AnswerExtras, type FormFailure, redirectTo, showPage } from './flow-answers.ts'
import { encodePairs } from './query-parameters.ts'

/** A login form, wherever it stands. */
export interface LoginPlace {
  /** Where it is sent. */
  readonly action: string
  /** The digest of the request that it is for; empty for none. */
  readonly digest: string
  readonly client: { readonly name: string } | null
  /** Where the browser goes after the login. */
  readonly continueAt: string
  /** Why a login is needed here. Default: nothing is said. */
  readonly lead?: (texts: LoginTexts) => string
  /** True if the client wants a passkey (`acr_values=phr`). Default false. */
  readonly wantsPasskey?: boolean
  /** Languages, as `ui_locales` has them. Default: none are wished for. */
  readonly wished?: string | undefined
}

/** What a login form shows after it was sent. */
export interface LoginFailure extends FormFailure {
  readonly extras?: AnswerExtras
  /** True if the browser has sent no form cookie: should it do so again, it keeps none. */
  readonly withoutCookie?: boolean
}

/** The name of the form in its proof. */
export const loginForm = 'login'

/** The login form with what was typed as a username; or the way to the application's own. */
export async function showLogin(
  flow: Flow,
  request: EndpointRequest,
  place: LoginPlace,
  username: string,
  failure?: LoginFailure,
): Promise<EndpointAnswer> {
  const { site, links, loginPage: own, authorization, csrf } = flow
  if (own !== null && typeof own === 'object') return leaveForLogin(own.redirectTo, place, username)
  const texts = flow.textsFor(request, place.wished)
  const { value, cookies } = flow.formCookie(request)
  const view: LoginView = {
    ...{ site, texts, links, username, client: place.client, action: place.action },
    hidden: {
      csrf: csrf.create(value, { form: loginForm, request: place.digest }),
      ...(failure?.withoutCookie && { again: 'yes' }),
    },
    problem: failure?.problem(texts) ?? null,
    lead: place.lead?.(texts),
    staySignedIn: authorization.settings.staySignedIn !== null,
    passkey: await passkeyOf(flow, texts),
  }
  const page = own === null ? loginPage(view) : readOwnPage(own(ownView(view)), policyOf(view))
  return showPage(failure?.status ?? 200, page, texts, { ...failure?.extras, cookies })
}

async function passkeyOf(flow: Flow, texts: LoginTexts): Promise<LoginView['passkey']> {
  const { passkeys } = flow
  if (passkeys === null) return null
  const { askToLogIn } = await import('./passkeys/passkey-view.ts')
  return askToLogIn(flow, passkeys, texts)
}

function ownView(view: LoginView): OwnLoginView {
  const { client, action, username, problem, staySignedIn, links, texts, passkey } = view
  return {
    client: client && { name: client.name },
    ...{ action, username, problem, staySignedIn, links, locale: texts.lang },
    hidden: { ...view.hidden, ...(passkey && passkeyFields(passkey)) },
    passkey: passkey && { data: passkeyData(passkey), script: passkey.script },
  }
}

/** What a page of the application may use if it says nothing itself. */
const ownPolicy = [
  "default-src 'none'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
]

function policyOf({ passkey }: LoginView): string {
  const scripts = passkey === null ? [] : ["script-src 'self'", "connect-src 'self'"]
  return [...ownPolicy, ...scripts].join('; ')
}

function readOwnPage(
  page: string | { readonly html: string; readonly contentSecurityPolicy?: string },
  policy: string,
): { readonly html: string; readonly contentSecurityPolicy: string } {
  const { html, contentSecurityPolicy = policy } = typeof page === 'string' ? { html: page } : page
  return { html, contentSecurityPolicy }
}

function leaveForLogin(path: string, { continueAt }: LoginPlace, username: string): EndpointAnswer {
  const pairs = [
    ['continue', continueAt],
    ...(username === '' ? [] : [['username', username]]),
  ] as [string, string][]
  return redirectTo(`${path}${path.includes('?') ? '&' : '?'}${encodePairs(pairs)}`)
}
