import type { BrowserSession, OpenBrowserSession } from '../../core/authorization/authorization.ts'
import type { FactorDemand } from '../../core/factors/mfa-tokens.ts'
import { internals } from '../../core/internals.ts'
import type { Authentication } from '../../core/tokens/authentication.ts'
import { byPassword } from '../../core/tokens/authentication.ts'
import { isSuspended } from '../../core/users/suspension.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { demandedSince } from '../grants/late-demand.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import { isLater } from '../pages/page-answers.ts'
import type { Flow } from './flow.ts'
import { laterFailure } from './flow-answers.ts'
import type { LoginFailure } from './login-view.ts'

/** What somebody typed. */
export interface TypedCredentials {
  readonly username: string
  readonly password: string
  /** The client that the login is for. */
  readonly clientId: string
}

/** How a login has ended. */
export type LoginOutcome =
  | {
      readonly kind: 'opened'
      readonly opened: OpenBrowserSession
      /** True if no password was entered: a session that was there has shown a second factor. Default false. */
      readonly isStepUp?: boolean
    }
  /** The password was right, and a second factor comes next. There is no session yet. */
  | { readonly kind: 'factor'; readonly user: UserRecord; readonly demand: FactorDemand }
  | ({ readonly kind: 'failed' } & LoginFailure)

const incorrect: LoginOutcome = {
  ...{ kind: 'failed', status: 400 },
  problem: ({ problems }) => problems.incorrect,
}

/**
 * Logs in with a password: the same attempts, waits, events and times as the password grant of the token endpoint.
 *
 * A second factor comes between the password and the session: until it is shown there is none.
 *
 * @param browser The session that the browser has already.
 */
export async function logInWithPassword(
  flow: Flow,
  request: EndpointRequest,
  { username, password, clientId }: TypedCredentials,
  browser: BrowserSession | null,
): Promise<LoginOutcome> {
  const { auth } = flow
  const { address, requestId } = request
  const login = { username, password, address, requestId, clientId }
  let user: UserRecord | null
  try {
    user = await auth[internals].login.authenticate(login)
  } catch (error) {
    return tryLater(error)
  }
  if (user === null) return incorrect
  if (!user.active || isSuspended(user, auth.clock())) {
    await auth[internals].events.record({
      type: 'authn_login_fail',
      userId: user.id,
      ...{ clientId, address, requestId },
      reason: user.active ? 'the user is suspended' : 'the user is inactive',
    })
    return { kind: 'failed', status: 403, problem: ({ problems }) => problems.inactive }
  }
  const demand = await auth[internals].second?.demandOf(user)
  if (demand) return { kind: 'factor', user, demand }
  try {
    const opened = await openSession(flow, request, user, byPassword(auth.clock()), browser)
    return opened === null ? incorrect : { kind: 'opened', opened }
  } catch (error) {
    const asked = await demandedSince(auth, user, error)
    return asked === null ? incorrect : { kind: 'factor', ...asked }
  }
}

/** The outcome of a login that was not looked at. Throws any other error. */
export function tryLater(error: unknown): LoginOutcome {
  if (!isLater(error)) throw error
  return { kind: 'failed', ...laterFailure(error) }
}

/**
 * The session of a user who has just authenticated. The same user goes on with the session that is there, under
 * another cookie. Of another user it ends, with all that was opened through it. Null if the user has changed meanwhile.
 */
export async function openSession(
  { authorization: { browserSessions } }: Pick<Flow, 'authorization'>,
  { header, address, requestId }: Pick<EndpointRequest, 'header' | 'address' | 'requestId'>,
  user: UserRecord,
  authentication: Authentication,
  browser: BrowserSession | null,
): Promise<OpenBrowserSession | null> {
  if (browser?.user.id === user.id) {
    const again = await browserSessions.reauthenticate(browser, authentication, {
      address,
      requestId,
    })
    if (again !== null) return again
  }
  return await browserSessions.open(user, {
    ...{ authentication, address, requestId, userAgent: header('user-agent') },
    replaces: browser?.session.id,
  })
}
