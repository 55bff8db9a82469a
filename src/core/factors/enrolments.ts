import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { StoredWith } from '../mail/stored-with.ts'
import { isLiveSession } from '../sessions/live-session.ts'
import type { Reauthentication } from '../sessions/session-store.ts'
import type { Store } from '../store.ts'
import {
  type AskingToken,
  byTwoFactors,
  type FactorProof,
  isTwoFactors,
} from '../tokens/authentication.ts'
import { newSecurityStamp } from '../users/security-stamp.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { ConfirmedFactor, OwnFactors } from './factor-calls.ts'
import type { FactorKind, FirstFactor } from './factor-store.ts'
import type { Within } from './mfa-tokens.ts'
import { mostFactors } from './own-factor.ts'
import { makeRecoveryCodes } from './recovery-codes.ts'

/** What a factor is set up in: a session, or a login that waits for it, and ends with it. */
export type EnrolledWithin = Within & {
  /** The access token that asks, if one does. */
  readonly token?: AskingToken | undefined
}

/** A factor that has been shown to work. */
export interface Enrolled extends Omit<OwnFactors, 'userId'> {
  readonly user: UserRecord
  readonly kind: FactorKind
  /** True if the user has no other. */
  readonly isFirst: boolean
  readonly within: EnrolledWithin
  /** What the session has shown by it. */
  readonly proof: FactorProof
}

/** What the store is given beside the factor. */
export interface EnrolledWith {
  /** The stamp that the user had when what the factor is set up in began. */
  readonly securityStamp: string
  readonly first: FirstFactor | undefined
  /** The user must have fewer. */
  readonly most: number
}

/** Stores a factor that counts from then on. False if something has changed meanwhile. */
export type StoreEnrolled = (enrolled: EnrolledWith, storedWith: StoredWith) => Promise<boolean>

/**
 * Stores a factor with all that comes with it: the event, the mail, the end of a login that waited for it; with
 * the first one recovery codes, and the end of other sessions. Null if it was not stored.
 *
 * @throws {UserError} `factor_needed` for one that is not the first, in a session that has not shown two factors
 */
export type Enrol = (enrolled: Enrolled, store: StoreEnrolled) => Promise<ConfirmedFactor | null>

export function createEnrolments(parts: {
  readonly store: Store
  readonly events: AuthEvents
  readonly notices: Notices
  readonly clock: Clock
  /** Of sessions, in seconds. */
  readonly idleLifetime: number
}): Enrol {
  const { store, events, notices, clock, idleLifetime } = parts

  /**
   * Null if what it is set up in has ended.
   *
   * @throws {UserError} `factor_needed`: who has a factor shows it before another one is added
   */
  async function stampWithin(
    { login, sessionId }: EnrolledWithin,
    isFirst: boolean,
  ): Promise<string | null> {
    if (login) return isFirst ? login.securityStamp : null
    const session = await store.sessions.find(sessionId)
    if (session === null || !isLiveSession(session, idleLifetime, clock())) return null
    if (isFirst || isTwoFactors(session)) return session.securityStamp
    throw new UserError('factor_needed', [
      'This login has shown one factor: refresh it, and show your second factor again.',
    ])
  }

  /**
   * The session has shown two factors now, if it is as the token says that asks. When its password was entered stays
   * as it was.
   */
  async function raise(
    asking: Pick<Reauthentication, 'id' | 'userId' | 'securityStamp' | 'token'>,
    proof: FactorProof,
  ): Promise<void> {
    const session = await store.sessions.find(asking.id)
    if (session === null || !isLiveSession(session, idleLifetime, clock())) return
    const { authenticatedAt, amr, acr } = session
    const raised = byTwoFactors(authenticatedAt, amr, proof)
    // It may have been as strong as can be.
    const strongest = acr === 'phr' ? { acr } : {}
    const idleSince = clock() - idleLifetime
    await store.sessions.reauthenticate({ ...raised, ...strongest, ...asking, idleSince })
  }

  return async ({ user, kind, isFirst, within, proof, ...origin }, storeIt) => {
    const { address, requestId } = origin
    const userId = user.id
    const { codes, digests } = makeRecoveryCodes(userId)
    const { sessionId, token, login } = within
    const keepSession = sessionId === undefined ? undefined : { id: sessionId, token }
    const renewed = newSecurityStamp()
    const first = isFirst
      ? { securityStamp: renewed, keepSession, recoveryCodes: digests }
      : undefined
    const securityStamp = await stampWithin(within, isFirst)
    if (securityStamp === null) return null
    const added = {
      type: 'factor_added',
      ...{ userId, actor: actorOf({ userId }), address, requestId },
      details: { kind, first: isFirst },
    } as const
    const isStored = await events.recordWith(added, (event) =>
      storeIt(
        { securityStamp, first, most: mostFactors },
        {
          ...{ event, mails: notices.of('factor_added', user, origin) },
          ...(login && { redeems: { digest: login.digest, now: clock() } }),
        },
      ),
    )
    if (!isStored) return null
    notices.wake()
    if (keepSession !== undefined) {
      const owner = { userId, securityStamp: first ? renewed : securityStamp }
      const asking = { ...owner, ...keepSession }
      // The codes are shown now or never. A session that stays as weak as it was is asked for the factor.
      await raise(asking, proof).catch(() => {})
    }
    return { recoveryCodes: isFirst ? codes : null }
  }
}
