import type { Auth } from '../../core/auth.ts'
import type { Authorization, BrowserSession } from '../../core/authorization/authorization.ts'
import { isNativeRedirectUri } from '../../core/clients/redirect-uri.ts'
import type { FactorDemand } from '../../core/factors/mfa-tokens.ts'
import { internals } from '../../core/internals.ts'
import { isTwoFactors } from '../../core/tokens/authentication.ts'
import { mistake, type RequestMistake } from './authorization-error.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import { isFresh, lacksFactor } from './browser-session.ts'
import { grantableScopes } from './requested-scopes.ts'
import type { Step } from './step-proof.ts'

/** What comes next for a request. */
export type Interaction =
  /** The form with username and password. */
  | { readonly kind: 'login' }
  /** The second factor alone, or the set-up of one, for a login that was made with one factor. */
  | {
      readonly kind: 'factor'
      readonly browser: BrowserSession
      readonly demand: FactorDemand
    }
  /** The question what the client may do. */
  | {
      readonly kind: 'consent'
      readonly browser: BrowserSession
      /** What is asked: all that is not allowed yet. */
      readonly asked: readonly string[]
    }
  /** One click. */
  | { readonly kind: 'continue'; readonly browser: BrowserSession }
  /** A code for these scopes. */
  | {
      readonly kind: 'code'
      readonly browser: BrowserSession
      readonly scopes: readonly string[]
    }
  /** An answer to the client. */
  | ({ readonly kind: 'error' } & RequestMistake)

/** Who is here, and what has been done for the request. */
export interface Visitor {
  /** The live session of the browser; null for none. */
  readonly browser: BrowserSession | null
  readonly steps: readonly Step[]
}

/**
 * Decides what comes next: the only place that does. Each step is passed when there is nothing to be asked in it,
 * and `prompt=none` makes an error of every question (OpenID Connect Core §3.1.2.6).
 */
export async function decideInteraction(
  auth: Auth,
  authorization: Authorization,
  request: AuthorizationRequest,
  { browser, steps }: Visitor,
): Promise<Interaction> {
  const isSilent = request.prompts.includes('none')
  if (browser === null || mustLogIn(auth, request, browser, steps)) {
    // Another user than the client has named was logged in by this request, and would be asked for ever.
    const isOther = browser !== null && steps.includes('login') && !steps.includes('switch')
    return isSilent || isOther ? loginRequired : { kind: 'login' }
  }
  if (wantsFactor(auth, request, browser) || (await wantsPasskey(auth, request, browser, steps))) {
    return isSilent ? interactionRequired : await factorOf(auth, browser)
  }
  if (steps.includes('denied')) return accessDenied
  const { client } = request.target
  const scopes = grantableScopes(auth, browser.user, client, request)
  const asked = await scopesToAsk(authorization, request, browser, scopes ?? [], steps)
  if (asked !== null) return isSilent ? consentRequired : { kind: 'consent', browser, asked }
  // Not before the user has let the client in: else any client could find out who is an administrator.
  if (scopes === null) {
    const error = mistake('invalid_scope', 'The role of the user grants nothing of the scope')
    return { kind: 'error', ...error }
  }
  if (mustClick(auth, request, steps)) {
    return isSilent ? interactionRequired : { kind: 'continue', browser }
  }
  return { kind: 'code', browser, scopes }
}

/** Whether the session that is there is not good enough for the request. */
function mustLogIn(
  auth: Auth,
  { prompts, maxAge, hint }: AuthorizationRequest,
  browser: BrowserSession,
  steps: readonly Step[],
): boolean {
  const { session, user } = browser
  if (steps.includes('switch')) return true
  // The login asks for it.
  if (lacksFactor(auth, browser)) return true
  if (hint !== null && hint.sub !== user.id) return true
  // What was done for this request is recent, and the form must not come again after it.
  if (steps.includes('login')) return false
  if (prompts.includes('login') || prompts.includes('select_account') || maxAge === 0) return true
  return maxAge !== null && auth.clock() - session.authenticatedAt > maxAge
}

/** Whether the client wants a second factor (`acr_values`), and the login had one alone. */
function wantsFactor(
  auth: Auth,
  { acrValues }: AuthorizationRequest,
  { session }: BrowserSession,
): boolean {
  const isOn = auth[internals].second !== null
  const isGood = isTwoFactors(session) || acrValues.includes(session.acr)
  return isOn && acrValues.includes('2fa') && !isGood
}

/**
 * The step that is missing. A copy of the cookie is not enough for it: the newest one must be there, and who has no
 * factor sets one up after a recent login alone.
 */
async function factorOf(auth: Auth, browser: BrowserSession): Promise<Interaction> {
  const demand = (await auth[internals].second?.demandOf(browser.user)) ?? 'enroll'
  const isGood = demand === 'enroll' ? isFresh(auth, browser) : browser.isNewest
  return isGood ? { kind: 'factor', browser, demand } : { kind: 'login' }
}

/**
 * Whether the client wants a passkey, and the user has one that was not shown. A wish: the login that was just made
 * for the request is good enough, whatever was shown in it, and so is any factor.
 */
async function wantsPasskey(
  auth: Auth,
  { acrValues }: AuthorizationRequest,
  { session, user }: BrowserSession,
  steps: readonly Step[],
): Promise<boolean> {
  const { second } = auth[internals]
  if (!acrValues.includes('phr') || !second?.passkeys) return false
  if (steps.includes('login') || steps.includes('factor')) return false
  if (acrValues.includes(session.acr) || session.acr === 'phr') return false
  return (await second.kindsOf(user)).has('passkey')
}

/** What the user is to be asked; null if there is no question. A third party has nothing without consent. */
async function scopesToAsk(
  { consents }: Authorization,
  { target: { client }, prompts }: AuthorizationRequest,
  { user, consent: read }: BrowserSession,
  scopes: readonly string[],
  steps: readonly Step[],
): Promise<readonly string[] | null> {
  const isAskedFor = prompts.includes('consent') && !steps.includes('consent')
  if (isAskedFor) return scopes
  if (client.firstParty) return null
  const consent = read === undefined ? await consents.find(user.id, client.id) : read
  const missing = scopes.filter((scope) => consent?.scopes.includes(scope) !== true)
  return consent === null || missing.length > 0 ? missing : null
}

/**
 * Whether one click is needed: any program on a device can listen at such a redirect URI, and say that it is this
 * client (RFC 8252 §8.6). Where consent was just given for the request, that was the click.
 */
function mustClick(
  { issuer }: Auth,
  { target: { client, redirectUri } }: AuthorizationRequest,
  steps: readonly Step[],
): boolean {
  const isOwnPage = URL.parse(redirectUri)?.origin === new URL(issuer).origin
  const hasClicked = steps.includes('continued') || steps.includes('consent')
  // A client with a secret shows it when it exchanges the code.
  const isAnybody = isNativeRedirectUri(redirectUri) && !isOwnPage && !client.confidential
  return isAnybody && !hasClicked
}

const loginRequired: Interaction = {
  kind: 'error',
  ...mistake('login_required', 'Nobody is logged in, or not as the request asks for'),
}
const consentRequired: Interaction = {
  kind: 'error',
  ...mistake('consent_required', 'The user has not allowed this yet'),
}
const interactionRequired: Interaction = {
  kind: 'error',
  ...mistake('interaction_required', 'The user must confirm this on a page'),
}
const accessDenied: Interaction = {
  kind: 'error',
  ...mistake('access_denied', 'The user has not allowed this'),
}
