import type { Auth } from '../core/auth.ts'
import type { Authorization } from '../core/authorization/authorization.ts'
import { internals } from '../core/internals.ts'
import type { Authentication } from '../core/tokens/authentication.ts'
import { isSuspended } from '../core/users/suspension.ts'
import type { User } from '../core/users/user.ts'
import type { UserRecord } from '../core/users/user-store.ts'
import { readBrowserSession, writeSessionCookie } from '../http/authorization/browser-session.ts'
import type { Cookies } from '../http/authorization/cookies.ts'
import { siteName, textsOfRequest } from '../http/authorization/flow.ts'
import { moveOn } from '../http/authorization/flow-answers.ts'
import { openSession } from '../http/authorization/login-attempt.ts'
import { digestOf, formatQuery, readQuery } from '../http/authorization/query-parameters.ts'
import { headerOf } from '../http/authorization/request-headers.ts'
import { createStepProofs } from '../http/authorization/step-proof.ts'
import type { GuardedRequest } from '../http/bearer.ts'
import { authorizationPath } from '../http/endpoints/hosted-endpoints.ts'
import { Forbidden, Refusal } from '../http/refusal.ts'
import { isOwnPath, isSurelyFromHere } from './from-here.ts'

/** The request that your login form has sent: Fastify's, Node's and the web's all fit. */
export interface LoginRequest {
  /** `POST` */
  readonly method?: string | undefined
  /** A path or a whole URL, with the query that your page got. */
  readonly url?: string | undefined
  /** The web's `Headers`, or those of `node:http`. */
  readonly headers: GuardedRequest['headers']
}

/** How somebody has logged in, and from where. */
export interface CompleteOptions {
  /** By what, in the words of RFC 8176: `['pwd']`, `['hwk', 'user']`. Default `['pwd']`. */
  readonly amr?: readonly string[]
  /** How strong that was: `1fa` is one factor. Default `1fa`. */
  readonly acr?: string
  /** Where to go on. A path of this server. Default: the parameter `continue` of the URL, else `/`. */
  readonly continue?: string
  /** True if the browser is to keep the session for `staySignedIn` seconds. Default false. */
  readonly stay?: boolean
  /** Their IP address, for the list of sessions. Default: unknown. */
  readonly address?: string
  /** The id of the request in the log, for events. Default: unknown. */
  readonly requestId?: string
}

/** An answer to be sent as it is. */
export interface PageAnswer {
  /** The HTTP status. */
  readonly status: number
  /** In small letters. */
  readonly headers: Readonly<Record<string, string>>
  /** The values of `Set-Cookie`, a header each. */
  readonly cookies: readonly string[]
  /** HTML. */
  readonly body: string
}

/** What the login of an application's own page works with. */
export interface OwnPageParts {
  readonly auth: Auth
  readonly authorization: Authorization
  readonly cookies: Cookies
}

/** See `HostedPages.complete`. */
export async function completeLogin(
  { auth, authorization, cookies }: OwnPageParts,
  request: LoginRequest,
  { id }: User,
  options: CompleteOptions,
): Promise<PageAnswer> {
  if (request.method !== 'POST') throw new Refusal(405, 'Use POST', { allow: 'POST' })
  if (!isSurelyFromHere(request, auth.issuer)) throw new Forbidden(notFromHere)
  const now = auth.clock()
  const user = await auth[internals].store.users.findById(id)
  if (user === null || !user.active || isSuspended(user, now)) throw new Forbidden('Inactive user')
  const { amr = ['pwd'], acr = '1fa', stay = false, address, requestId } = options
  const authentication: Authentication = { authenticatedAt: now, acr, amr }
  const header = headerOf(request)
  const opened = await openInBrowser(user, authentication)
  const cookie = writeSessionCookie({ authorization, cookies }, opened, stay)
  const { path, wished } = withProof(options.continue ?? continueOf(request), (digest) =>
    createStepProofs(authorization.proofs).seal(['login'], digest, opened.session),
  )
  const site = { name: siteName(auth) }
  const answer = moveOn({ site }, textsOfRequest(auth, { header }, wished), path, [cookie])
  return { ...answer, cookies: [cookie], body: String(answer.body) }

  async function openInBrowser(
    record: UserRecord,
    how: Authentication,
  ): Promise<NonNullable<Awaited<ReturnType<typeof openSession>>>> {
    const browser = await readBrowserSession({ authorization, cookies }, request)
    const from = { header, address, requestId }
    const session = await openSession({ authorization }, from, record, how, browser)
    if (session === null) throw new Forbidden('Inactive user')
    return session
  }
}

/** Why a request is refused that may be of another site. */
export const notFromHere = 'Send this from a page of this site'

function continueOf({ url = '' }: LoginRequest): string {
  const [, ...query] = url.split('?')
  return readQuery(query.join('?').replace(/#.*/s, ''))?.values.get('continue') ?? '/'
}

/**
 * The path with what was shown just now, if it is that of an authorization request. `/` in place of whatever is no
 * path of this server: nobody is led elsewhere from a login.
 */
function withProof(
  path: string,
  seal: (digest: string) => string,
): { readonly path: string; readonly wished: string | undefined } {
  if (!isOwnPath(path)) return { path: '/', wished: undefined }
  const [pathname = '', ...rest] = path.split('?')
  const parameters = pathname.endsWith(authorizationPath) ? readQuery(rest.join('?')) : null
  if (parameters === null) return { path, wished: undefined }
  const query = formatQuery(parameters, seal(digestOf(parameters)))
  return { path: `${pathname}?${query}`, wished: parameters.values.get('ui_locales') }
}
