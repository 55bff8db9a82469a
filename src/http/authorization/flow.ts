import { accountPaths } from '../../core/accounts/links.ts'
import type { Auth } from '../../core/auth.ts'
import type { Authorization, BrowserSession } from '../../core/authorization/authorization.ts'
import type { PasskeyLogins } from '../../core/factors/passkeys/passkey-logins.ts'
import { internals } from '../../core/internals.ts'
import { preferredLocale } from '../../core/mail/locale.ts'
import type { LoginView } from '../../pages/login-page.ts'
import type { Site } from '../../pages/site.ts'
import { loginLocales, loginTextsIn } from '../../pages/texts/login-languages.ts'
import type { LoginTexts } from '../../pages/texts/login-texts.ts'
import { authorizationPath, type HostedPlace } from '../endpoints/hosted-endpoints.ts'
import { issuerPath } from '../endpoints/metadata.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import { linkToPage } from '../pages/account-pages.ts'
import { readPageOptions } from '../pages/page-options.ts'
import { readBrowserSession } from './browser-session.ts'
import { type Cookies, cookiesOf } from './cookies.ts'
import { type CsrfProofs, createCsrfProofs, isFormCookie, newFormCookie } from './csrf.ts'
import { endSessionPath } from './openid-metadata.ts'
import { createStepProofs, type StepProofs } from './step-proof.ts'

/** A login page of the application: HTML, or where the page is. */
export type OwnLoginPage =
  | ((view: OwnLoginView) => string | OwnPage)
  | {
      /** A path on this server. It gets `continue`, for `complete`, and `username` if one is known. */
      readonly redirectTo: string
    }

/** What a login page of the application shows. Nothing in it is escaped. */
export interface OwnLoginView {
  /** The application that asks for the login; null if none does. */
  readonly client: { readonly name: string } | null
  /** Where the form is sent by POST: with `username`, `password`, and `stay` with the value `on`. */
  readonly action: string
  /** Fields that are sent along: name and value of each. */
  readonly hidden: Readonly<Record<string, string>>
  /** What the field has at first; empty for nothing. */
  readonly username: string
  /** Why the form was not accepted, in the language of the page; null if it was not sent. */
  readonly problem: string | null
  /** For a button that logs in by a passkey; null if passkeys are off. */
  readonly passkey: OwnPasskeyView | null
  /** True if "stay signed in" may be chosen. */
  readonly staySignedIn: boolean
  /** Where people go who cannot log in: paths, or URLs of yours. */
  readonly links: { readonly forgotPassword?: string; readonly register?: string }
  /** The language (BCP 47) that somebody prefers among ours. */
  readonly locale: string
}

/**
 * What a login page of the application needs for passkeys: an element of the form with the attribute `data-passkey`,
 * `hidden`, with a `<button type="button">` and an empty `<p role="status">` in it; and the script, with `defer`. The
 * username field may have `autocomplete="username webauthn"`.
 */
export interface OwnPasskeyView {
  /** The value of `data-passkey`. */
  readonly data: string
  /** The path of the script. */
  readonly script: string
}

/** A page of the application. */
export interface OwnPage {
  /** The whole document. */
  readonly html: string
  /**
   * Default: what is on this server, pictures in the page itself, and styles; no script, unless passkeys are on: then
   * scripts of this server.
   */
  readonly contentSecurityPolicy?: string
}

/** A page for users who are logged in. The login in front of it is below its path, at `/login`. */
export type OwnPageName = 'account' | 'signIn' | 'sessions' | 'keys' | 'deletion' | 'apps' | 'email'

/** What a browser asks for. */
export type FlowPathName =
  | 'authorize'
  | 'login'
  | 'consent'
  | 'passkey'
  | 'passkeyScript'
  | 'logout'
  | 'confirmLogout'
  | OwnPageName

/** Where each is, below the prefix. */
export const flowPaths: Readonly<Record<FlowPathName, string>> = {
  authorize: authorizationPath,
  login: `${authorizationPath}/login`,
  consent: `${authorizationPath}/consent`,
  passkey: `${authorizationPath}/passkey`,
  passkeyScript: `${authorizationPath}/passkey.js`,
  logout: endSessionPath,
  confirmLogout: `${endSessionPath}/confirm`,
  account: '/account',
  signIn: '/account/sign-in',
  sessions: '/account/sessions',
  keys: '/account/keys',
  deletion: '/account/delete',
  apps: '/account/apps',
  email: accountPaths.emailChange,
}

/** The names of all of them. */
export const flowPathNames: readonly FlowPathName[] = Object.keys(flowPaths) as FlowPathName[]

/** What everything of a login by browser works with. */
export interface Flow {
  readonly auth: Auth
  readonly authorization: Authorization
  /** Null if passkeys are off. */
  readonly passkeys: PasskeyLogins | null
  /** Where a browser finds each, from the root of its server: what `Host` says has no part in it. */
  readonly paths: Readonly<Record<FlowPathName, string>>
  /** The pages for users who are logged in that are there. */
  readonly ownPages: ReadonlySet<OwnPageName>
  readonly cookies: Cookies
  readonly csrf: CsrfProofs
  readonly steps: StepProofs
  readonly site: Site
  readonly loginPage: OwnLoginPage | null
  /** Where people go who cannot log in. */
  readonly links: LoginView['links']
  /** @param wished Languages, as `ui_locales` has them. */
  textsFor(request: Pick<EndpointRequest, 'header'>, wished?: string): LoginTexts
  /** The live session of the browser, or null. @param clientId As of `BrowserSessions.read`. */
  readBrowser(request: EndpointRequest, clientId?: string): Promise<BrowserSession | null>
  /** The form cookie of the browser, or a new one, and the header that keeps it. */
  formCookie(request: EndpointRequest): { readonly value: string; readonly cookies: string[] }
}

/** @throws {ConfigError} if pages cannot look as the options say. */
export function createFlow(
  auth: Auth,
  authorization: Authorization,
  { root, pages }: Pick<HostedPlace, 'root' | 'pages'>,
  { loginPage, ownPages }: Pick<Flow, 'loginPage' | 'ownPages'>,
): Flow {
  const cookies = cookiesOf(auth.issuer)
  const rootPath = new URL(root).pathname.replace(/\/$/, '')
  return {
    ...{ auth, authorization, cookies, loginPage, ownPages },
    passkeys: auth[internals].second?.passkeys ?? null,
    paths: pathsBelow(rootPath),
    csrf: createCsrfProofs(authorization.proofs),
    steps: createStepProofs(authorization.proofs),
    site: readPageOptions(pages === false ? {} : pages, siteName(auth)),
    links: accountLinks(auth, pages !== false),
    textsFor: (request, wished) => textsOfRequest(auth, request, wished),
    readBrowser: ({ guarded }, clientId) =>
      readBrowserSession({ authorization, cookies }, guarded, clientId),
    formCookie({ guarded }) {
      const found = cookies.form.read(guarded)
      const value = isFormCookie(found) ? found : newFormCookie()
      return { value, cookies: [cookies.form.write(value, formCookieLifetime)] }
    },
  }
}

function pathsBelow(root: string): Flow['paths'] {
  const paths = flowPathNames.map((name) => [name, root + flowPaths[name]])
  // Each name is there.
  return Object.fromEntries(paths) as Flow['paths']
}

/** What pages call the site if `pages` says nothing: as mails do, or its host. */
export function siteName({ accounts, issuer }: Auth): string {
  return accounts.name || new URL(issuer).hostname
}

/** Seconds. Every form sets it again. */
const formCookieLifetime = 60 * 60

/** @param wished Languages, as `ui_locales` has them; they come before those of the browser. */
export function textsOfRequest(
  auth: Auth,
  { header }: Pick<EndpointRequest, 'header'>,
  wished = '',
): LoginTexts {
  const { locale = 'en' } = auth[internals].accountSettings ?? {}
  const language =
    preferredLocale(wished.replaceAll(' ', ','), loginLocales) ??
    preferredLocale(header('accept-language'), loginLocales) ??
    locale
  return loginTextsIn(language)
}

function accountLinks(auth: Auth, areMounted: boolean): LoginView['links'] {
  const path = areMounted ? issuerPath(auth.issuer) : null
  const forgotPassword = linkToPage(auth, 'forgotPassword', path)
  const register = linkToPage(auth, 'register', path)
  return { ...(forgotPassword && { forgotPassword }), ...(register && { register }) }
}
