import { v7 as uuidv7 } from 'uuid'
import type { Clock } from '../clock.ts'
import { type Actor, type AuthEvents, actorOf } from '../events/events.ts'
import { checkOptions } from '../options.ts'
import { pruneInBatches } from '../prune-batches.ts'
import type { Store } from '../store.ts'
import { byPassword } from '../tokens/authentication.ts'
import { isSuspended } from '../users/suspension.ts'
import { toUser, type User } from '../users/user.ts'
import type { UserRecord } from '../users/user-store.ts'
import { endSession } from './end-session.ts'
import { isLiveSession } from './live-session.ts'
import { createRefresh } from './refresh.ts'
import type { RefreshTokens } from './refresh-token.ts'
import {
  type EndOptions,
  endOwner,
  endShapes,
  type InspectedSession,
  maxPerUser,
  type NewSession,
  type OpenSession,
  placeOf,
  type ReauthenticationOptions,
  type RequireFactor,
  reauthenticationOwner,
  reauthenticationShapes,
  toSession,
} from './session-calls.ts'
import type { SessionOptions } from './session-options.ts'
import type { Session, SessionRecord } from './session-store.ts'
import { findLiveUser } from './token-user.ts'

/** Opens, refreshes and ends sessions. */
export interface Sessions {
  /**
   * Opens a session for a user who has just logged in, and records the event of the login. Returns null
   * if the user is inactive, suspended or was deleted.
   *
   * Does not check how the user logged in: call it after your own check, such as a link by mail. A
   * record that was read before a new password, a deactivation or a log-out everywhere opens none.
   *
   * @throws {UserError} `factor_needed` if the user needs a second factor and `authentication` names one alone.
   */
  open(user: User | UserRecord, session: NewSession): Promise<OpenSession | null>
  /**
   * Returns the session of a refresh token, to see its scopes before it is used. Null if the token was
   * not issued here, or its session is gone.
   */
  find(refreshToken: string): Promise<Session | null>
  /**
   * Returns what a refresh token would yield if it were used now, without using it: its session, the
   * user, and when it expires. Null for a token that would be refused, or that is used already.
   */
  inspect(refreshToken: string): Promise<InspectedSession | null>
  /**
   * Exchanges a refresh token for its successor (RFC 6749 §6). The old one is then used up.
   *
   * Presented again within the grace, it yields the identical successor. Presented again later, within the
   * retry window and before the successor was ever used, it yields another one, and the unused one is ended.
   * Presented again in any other case, it ends the session before the refusal is sent, and so does one that
   * was ended unused. So does a token presented while the clock is behind the rotation by more than 30
   * seconds. Somebody holds a copy, and the server cannot know which of the two is the thief (RFC 9700
   * §4.14.2).
   *
   * @throws {OAuthError} `invalid_grant` for a token that is unknown, expired, revoked, reused, of
   * another client, or of a user who is inactive.
   */
  refresh(refreshToken: string, clientId: string, by?: Actor): Promise<OpenSession>
  /**
   * Stores that the user of a session has just authenticated again, and records the event `step_up`.
   * Access tokens that are issued from then on say so; those issued before stay as they are. Returns
   * null if the session has ended, or is another user's.
   *
   * Does not check how the user authenticated: call it after your own check, as `open`.
   * @throws {UserError} as `open` does.
   */
  reauthenticate(
    user: User | UserRecord,
    sessionId: string,
    options?: ReauthenticationOptions,
  ): Promise<Session | null>
  /** Ends a session. False if there is no such session, or it has ended. */
  end(id: string, options?: EndOptions): Promise<boolean>
  /** The live sessions of a user, newest first. */
  list(userId: string): Promise<readonly Session[]>
  /**
   * Deletes sessions that ended a day ago or earlier; returns how many. It works in small batches, with
   * pauses for other writers: a million takes a quarter of an hour. It stops after the batch in which
   * the signal comes.
   */
  prune(signal?: AbortSignal): Promise<number>
  /** Sessions that this process has deleted in this way. */
  readonly pruned: number
}

/** Seconds that an ended session is kept for an operator who looks into the database. */
const keptAfterEnd = 24 * 60 * 60

export interface SessionsOptions {
  readonly store: Store
  readonly refreshTokens: RefreshTokens
  readonly events: AuthEvents
  readonly clock: Clock
  readonly options: Required<SessionOptions>
  /** Refuses a login with one factor where two are needed. Default: one is enough. */
  readonly requireFactor?: RequireFactor | undefined
  /** Called with the record of a user whose session was opened. Default: nothing is. */
  readonly onOpened?: ((user: UserRecord, from: NewSession) => Promise<void>) | undefined
}

export function createSessions({
  store,
  refreshTokens,
  events,
  clock,
  options,
  requireFactor,
  onOpened,
}: SessionsOptions): Sessions {
  const { sessions } = store
  const { idleLifetime, lifetime } = options
  let pruned = 0

  const withToken = (session: SessionRecord): OpenSession => ({
    session: toSession(session),
    refreshToken: refreshTokens.format(session.id, session.generation),
  })

  return {
    async open(user, opened) {
      const { clientId, scopes, userAgent, address, requestId, authentication } = opened
      const { kind = 'login' } = opened
      const record = await recordOf(user)
      const now = clock()
      if (record === null || isSuspended(record, now)) return null
      const how = authentication ?? byPassword(now)
      await requireFactor?.(record, how)
      const session: SessionRecord = {
        ...how,
        id: uuidv7(),
        userId: user.id,
        clientId,
        scopes,
        generation: 0,
        retryOf: null,
        rotatedAt: now,
        createdAt: now,
        expiresAt: now + lifetime,
        revokedAt: null,
        securityStamp: record.securityStamp,
        ...placeOf(userAgent, address),
        kind,
        parentId: null,
        offline: false,
      }
      const login = {
        type: 'authn_login_success',
        actor: actorOf({ userId: user.id }),
        userId: user.id,
        clientId,
        sessionId: session.id,
        address: address || undefined,
        requestId,
      } as const
      const created = await events.recordWith(login, (event) => sessions.create(session, event))
      if (!created) return null
      await sessions.trim(user.id, maxPerUser)
      await onOpened?.(record, opened)
      return withToken(session)
    },
    async find(refreshToken) {
      const parsed = refreshTokens.parse(refreshToken)
      const session = parsed && (await sessions.find(parsed.sessionId))
      return session && toSession(session)
    },
    async inspect(refreshToken) {
      const parsed = refreshTokens.parse(refreshToken)
      const session = parsed && (await sessions.find(parsed.sessionId))
      if (!session || session.generation !== parsed.generation) return null
      const expiresAt = Math.min(session.expiresAt, session.rotatedAt + idleLifetime)
      // A session that is revoked has no user here.
      const user = expiresAt > clock() ? await findLiveUser(store, session) : null
      return user && { session: toSession(session), user: toUser(user), expiresAt }
    },
    refresh: createRefresh({ store, refreshTokens, events, clock, options }),
    async reauthenticate(user, id, options = {}) {
      const {
        authentication = byPassword(clock()),
        by,
        token,
      } = checkOptions(options, reauthenticationShapes, reauthenticationOwner)
      const record = await recordOf(user)
      if (record === null) return null
      await requireFactor?.(record, authentication)
      const { id: userId, securityStamp } = record
      const idleSince = clock() - idleLifetime
      const { authenticatedAt, acr, amr } = authentication
      const how = { authenticatedAt, acr, amr }
      const changed = { id, userId, securityStamp, idleSince, ...how, token }
      const actor = actorOf({ userId })
      const about = { actor, ...by, type: 'step_up', userId, sessionId: id } as const
      const session = await events.recordWith(about, (event) =>
        sessions.reauthenticate(changed, event),
      )
      if (session !== null || token === undefined) return session && toSession(session)
      const found = await sessions.find(id)
      const isTheirs = found?.userId === userId && found.securityStamp === securityStamp
      if (!isTheirs || !isLiveSession(found, idleLifetime, clock())) return null
      if (!(await findLiveUser(store, found))) return null
      await events.record(about)
      return toSession({ ...found, ...how })
    },
    end: async (id, options = {}) =>
      // A misspelt option would leave out the user, and any user's session would match.
      endSession({ store, events, clock }, id, checkOptions(options, endShapes, endOwner)),
    async list(userId) {
      return (await sessions.listByUser(userId, clock(), clock() - idleLifetime)).map(toSession)
    },
    async prune(signal) {
      const endedBefore = clock() - keptAfterEnd
      let total = 0
      const deleteBatch = async (limit: number): Promise<number> => {
        const batch = await sessions.prune(endedBefore, endedBefore - idleLifetime, limit)
        pruned += batch.deleted
        total += batch.deleted
        return batch.seen
      }
      await pruneInBatches(deleteBatch, signal)
      return total
    },
    get pruned() {
      return pruned
    },
  }

  /** One that was read before a change of the stamp stays as it was read. */
  async function recordOf(user: User | UserRecord): Promise<UserRecord | null> {
    return 'securityStamp' in user ? user : await store.users.findById(user.id)
  }
}
