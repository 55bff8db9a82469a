import type { Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { ConflictError } from '../errors.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import { pruneInBatches } from '../prune-batches.ts'
import type { Store } from '../store.ts'
import { newSecurityStamp } from '../users/security-stamp.ts'
import { existing, explainConflict, type User } from '../users/user.ts'
import type { RequestOrigin } from './request.ts'

/** Lets users delete their accounts. */
export interface Deletion {
  /**
   * Ends every session, token and API key of the user at once, and deletes the user after the delay. A login before
   * keeps the account. Returns when it is deleted, in seconds since 1970.
   *
   * Does not check how long ago the user logged in: guard the route with `requireRecentLogin`.
   *
   * @throws {UserError} `user_unknown`, `last_admin`
   */
  request(request: RequestOrigin & { readonly userId: string }): Promise<number>
  /** Keeps the account of somebody who has logged in. Does nothing if nobody wants it deleted. */
  cancel(user: Pick<User, 'id'> & { readonly deleteAt: number | null }): Promise<void>
  /** Deletes those whose time has come; returns how many. */
  prune(signal?: AbortSignal): Promise<number>
}

export interface DeletionOptions {
  readonly delay: number
  readonly store: Store
  readonly roles: Roles
  readonly notices: Notices
  readonly events: AuthEvents
  readonly clock: Clock
}

export function createDeletion(options: DeletionOptions): Deletion {
  const { delay, store, roles, notices, events, clock } = options
  const { users } = store
  const keepOneActiveIn = roles.administrative

  return {
    async request({ userId, address, userAgent, requestId }) {
      const user = existing(await users.findById(userId))
      const deleteAt = clock() + delay
      const by = { actor: actorOf({ userId }), address, requestId, userId }
      if (delay === 0) {
        await events
          .recordWith({ ...by, type: 'user_deleted' }, (event) =>
            users.remove(userId, { keepOneActiveIn, event }),
          )
          .catch(explainConflict)
        return deleteAt
      }
      const changes = { deleteAt, securityStamp: newSecurityStamp() }
      const changed = await events
        .recordWith({ ...by, type: 'user_deletion_requested' }, (event) => {
          const mails = notices.of('deletion_begun', user, { address, userAgent }, { deleteAt })
          return users.update(userId, changes, {
            event,
            mails,
            keepOneActiveIn,
            endsApiKeysOf: userId,
          })
        })
        .catch(explainConflict)
      existing(changed)
      notices.wake()
      return deleteAt
    },
    async cancel({ id, deleteAt }) {
      if (deleteAt === null) return
      const event = { actor: actorOf({ userId: id }), userId: id } as const
      await events.recordWith({ ...event, type: 'user_deletion_cancelled' }, (stored) =>
        users.update(id, { deleteAt: null }, { event: stored }),
      )
    },
    prune: (signal) => pruneInBatches((limit) => deleteDue(limit, signal), signal),
  }

  async function deleteDue(limit: number, signal: AbortSignal | undefined): Promise<number> {
    let deleted = 0
    const now = clock()
    // A login may keep the account after the list was read, up to the removal itself.
    const options = { keepOneActiveIn, ifDueBy: now }
    for (const { id } of await users.dueForDeletion(now, limit)) {
      if (signal?.aborted) break
      const happening = { actor: 'system', type: 'user_deleted', userId: id } as const
      const removed = await events
        .recordWith(happening, (event) => users.remove(id, { ...options, event }))
        // The last administrator stays, and is asked about again.
        .catch((error) => {
          if (error instanceof ConflictError) return false
          throw error
        })
      if (removed) deleted++
    }
    return deleted
  }
}
