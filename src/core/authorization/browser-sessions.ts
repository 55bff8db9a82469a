import { browserClientId } from '../clients/registration.ts'
import { type Clock, clockTolerance } from '../clock.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import { isLiveSession } from '../sessions/live-session.ts'
import { type RequireFactor, toSession } from '../sessions/session-calls.ts'
import type { SessionOptions } from '../sessions/session-options.ts'
import type { Session, SessionRecord } from '../sessions/session-store.ts'
import { createSessionTokens } from '../sessions/session-token.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Store } from '../store.ts'
import { userAt } from '../users/suspension.ts'
import type { BrowserSession, BrowserSessions, OpenBrowserSession } from './authorization.ts'
import type { AuthorizationCodeStore } from './authorization-code-store.ts'

/** Seconds that a cookie is good for after the next one, for requests that were under way. */
const cookieGrace = 10
/** Seconds between two notes that a session is in use, at most. */
const longestUnnoted = 3600
/** How often a login that another one of the same session has overtaken is stored again at most. */
const maxTries = 5

export interface BrowserSessionsOptions {
  readonly store: Store
  readonly codes: AuthorizationCodeStore
  readonly sessions: Sessions
  readonly sessionOptions: Required<SessionOptions>
  readonly events: AuthEvents
  /** At least 32 bytes, as each of the others. */
  readonly secret: Uint8Array
  readonly previousSecrets?: readonly Uint8Array[]
  /** As of `createSessions`. Default: one factor is enough. */
  readonly requireFactor?: RequireFactor | undefined
  readonly clock: Clock
}

/** Opens, reads and ends the sessions of browsers at the login pages. */
export function createBrowserSessions({
  store,
  codes,
  sessions,
  sessionOptions: { idleLifetime },
  events,
  secret,
  previousSecrets,
  requireFactor,
  clock,
}: BrowserSessionsOptions): BrowserSessions {
  const kind = { prefix: 'pbs', purpose: 'portcullis browser session' }
  const cookies = createSessionTokens(kind, secret, previousSecrets)
  const noteAfter = Math.min(longestUnnoted, Math.floor(idleLifetime / 4))

  function withCookie(session: Session): OpenBrowserSession {
    return { session, cookie: cookies.format(session.id, session.generation) }
  }

  /** Whether a session of a browser is live, but for its user. */
  function isLive(session: SessionRecord, now: number): boolean {
    return session.kind === 'browser' && isLiveSession(session, idleLifetime, now)
  }

  /** Whether a generation is the newest one, or good still. Null for neither. */
  function isNewestOf(session: SessionRecord, generation: number, now: number): boolean | null {
    if (session.generation === generation) return true
    return session.generation === generation + 1 && isWithinGrace(session, now) ? false : null
  }

  return {
    async open(user, { replaces, userAgent, authentication, address, requestId }) {
      const opened = await sessions.open(user, {
        ...{ clientId: browserClientId, kind: 'browser', scopes: [] },
        ...{ userAgent, authentication, address, requestId },
      })
      if (opened === null) return null
      if (replaces !== undefined) {
        await sessions.end(replaces, {
          by: { actor: actorOf({ userId: user.id }), address, requestId },
        })
      }
      return withCookie(opened.session)
    },
    async read(cookie, clientId) {
      const parsed = cookies.parse(cookie)
      const login = parsed && (await codes.findLogin(parsed.sessionId, clientId ?? ''))
      if (!login) return null
      const { session, user } = login
      const now = clock()
      const isNewest = isLive(session, now) ? isNewestOf(session, parsed.generation, now) : null
      if (isNewest === null || session.securityStamp !== user.securityStamp) return null
      if (!userAt(user, now).active) return null
      const consent = clientId !== undefined && { consent: login.consent }
      const worth = isNewest ? session : asBefore(session)
      const read = { session: toSession(worth), user, isNewest, ...consent }
      if (session.rotatedAt > now - noteAfter) return read
      if (!(await store.sessions.touch(session.id, now, now - idleLifetime))) return null
      return { ...read, session: toSession({ ...worth, rotatedAt: now }) }
    },
    async reauthenticate(
      { session: { id, generation }, user },
      authentication,
      by,
      isLogin = true,
    ) {
      await requireFactor?.(user, authentication)
      const { id: userId, securityStamp } = user
      const { authenticatedAt, acr, amr } = authentication
      const changed = { id, userId, securityStamp, authenticatedAt, acr, amr }
      const actor = actorOf({ userId })
      const about = { actor, ...by, type: 'step_up', userId, sessionId: id } as const
      // A form that was sent twice: each is a login, and the later one has the cookie that lasts.
      let newest = generation
      for (let tries = 0; tries < maxTries; tries++) {
        const idleSince = clock() - idleLifetime
        const session = await events.recordWith(about, (event) =>
          store.sessions.reauthenticate({ ...changed, idleSince, generation: newest }, event),
        )
        if (session) return withCookie(toSession(session))
        if (!isLogin) return null
        const found = await store.sessions.find(id)
        if (found === null || !isLive(found, clock()) || found.generation === newest) return null
        newest = found.generation
      }
      return null
    },
    async renew({ session: { id, generation, clientId }, isNewest }) {
      if (!isNewest) return null
      const now = clock()
      const rotation = { id, generation, clientId, now, idleSince: now - idleLifetime }
      const renewed = await store.sessions.rotate(rotation)
      return renewed && withCookie(toSession(renewed))
    },
    end: (sessionId, by) => sessions.end(sessionId, by && { by }),
  }
}

/**
 * The session as far as a cookie of the generation before can speak for it. The login since was somebody else's, if
 * the cookie is a copy. What was shown before it is not stored, so only the first login of the session counts.
 */
function asBefore(session: SessionRecord): SessionRecord {
  const authenticatedAt = Math.min(session.createdAt, session.authenticatedAt)
  return { ...session, authenticatedAt, acr: '1fa', amr: [] }
}

/** A generation is made when the user authenticates. Not before that either: a clock may have been set back. */
function isWithinGrace({ authenticatedAt }: BrowserSession['session'], now: number): boolean {
  return now <= authenticatedAt + cookieGrace && now >= authenticatedAt - clockTolerance
}
