import { type Clock, clockTolerance } from '../clock.ts'
import { OAuthError } from '../errors.ts'
import { type Actor, type AuthEvents, actorOf } from '../events/events.ts'
import type { Store } from '../store.ts'
import { isLiveSession } from './live-session.ts'
import type { RefreshTokens } from './refresh-token.ts'
import { revokeReused } from './revoke-reused.ts'
import { type OpenSession, toSession } from './session-calls.ts'
import type { SessionOptions } from './session-options.ts'
import type { SessionRecord } from './session-store.ts'
import { findLiveUser } from './token-user.ts'

export interface RefreshOptions {
  readonly store: Store
  readonly refreshTokens: RefreshTokens
  readonly events: AuthEvents
  readonly clock: Clock
  readonly options: Required<SessionOptions>
}

/** See `Sessions.refresh`. */
export type Refresh = (refreshToken: string, clientId: string, by?: Actor) => Promise<OpenSession>

/** What the presentation of a token other than the newest means. */
type Meaning = 'repeated' | 'retried' | 'reuse'

/** Returns what exchanges refresh tokens, and tells a lost answer from a copied token. */
export function createRefresh({
  store,
  refreshTokens,
  events,
  clock,
  options: { idleLifetime, refreshGrace, refreshRetryWindow },
}: RefreshOptions): Refresh {
  const { sessions } = store

  return async function refresh(refreshToken, clientId, by = {}) {
    const parsed = refreshTokens.parse(refreshToken)
    if (parsed === null) throw refused('not written here')
    const { sessionId: id, generation } = parsed
    const now = clock()
    const about = { ...by, actor: actorOf({ clientId }), clientId, sessionId: id }
    const presented = { id, generation, clientId, now, idleSince: now - idleLifetime }
    const rotated = await sessions.rotate(presented)
    if (rotated) return await issue(rotated, 'authn_token_created')

    // Of several retries at once one moves the session on, and the others look at it again.
    let tried: number | undefined
    for (;;) {
      const session = await sessions.find(id)
      if (session === null || session.revokedAt !== null) throw refused('ended')
      if (session.clientId !== clientId) {
        const { userId } = session
        await events.record({ ...about, type: 'authn_token_wrong_client', userId })
        throw refused('of another client')
      }
      const hasMoved = session.generation !== generation && session.generation !== tried
      if (!hasMoved) throw refused('expired, or of an inactive user')
      const meaning = meaningOf(generation, session, now)
      if (meaning === 'reuse') return await endSession(session)
      if (meaning === 'repeated') {
        if (!isLiveSession(session, idleLifetime, now) || !(await findLiveUser(store, session))) {
          throw refused('expired, or of an inactive user')
        }
        return await issue(session, 'authn_token_repeated')
      }
      tried = session.generation
      const retry = { ...presented, generation: tried, retryOf: generation }
      const retried = await sessions.rotate(retry)
      if (retried) return await issue(retried, 'authn_token_retried')
    }

    async function issue(
      session: SessionRecord,
      type: 'authn_token_created' | 'authn_token_repeated' | 'authn_token_retried',
    ): Promise<OpenSession> {
      await events.record({ ...about, type, userId: session.userId })
      const token = refreshTokens.format(session.id, session.generation)
      return { session: toSession(session), refreshToken: token }
    }

    async function endSession({ userId }: SessionRecord): Promise<never> {
      const reuse = { ...about, type: 'authn_token_reuse', userId } as const
      await revokeReused({ store, events }, id, now, reuse)
      throw refused(`of the session ${id} was used again: the session has been ended`)
    }
  }

  /**
   * The newest token has never been used, or there would be a newer one. So nobody is known to have it, and
   * the client that presents the one which it was made from again may have lost the answer. Every other token
   * was answered with one that was used, or was ended by a retry: two hold tokens of one session.
   */
  function meaningOf(generation: number, session: SessionRecord, now: number): Meaning {
    const { rotatedAt, retryOf } = session
    const isSettled = retryOf === session.generation
    const origin = retryOf === null || isSettled ? session.generation - 1 : retryOf
    if (generation !== origin) return 'reuse'
    // Not before the rotation: a clock that was set back must not make either time longer.
    if (now < rotatedAt - clockTolerance) return 'reuse'
    if (refreshGrace > 0 && now <= rotatedAt + refreshGrace) return 'repeated'
    // What the user has proved since belongs to who holds the newest token, and to nobody else.
    if (isSettled) return 'reuse'
    return refreshRetryWindow > 0 && now <= rotatedAt + refreshRetryWindow ? 'retried' : 'reuse'
  }
}

// One answer for every cause; which one it was goes to the log.
function refused(reason: string): OAuthError {
  return new OAuthError('invalid_grant', 'The refresh token is not valid', {
    cause: new Error(`refresh token ${reason}`),
  })
}
