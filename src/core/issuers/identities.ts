import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import type { Store } from '../store.ts'
import type { IdentityRecord, IdentityStore } from './identity-store.ts'

/**
 * Links between the identities of other issuers and users in the store, as an administrator makes
 * and ends them.
 *
 * `by` is who does it, for the event.
 *
 * Does not check who asks: guard the route. Nor that the identity exists: only its issuer knows.
 */
export interface Identities {
  /** @throws {UserError} `user_unknown`, `identity_taken`, `identity_invalid` */
  link(userId: string, issuer: string, subject: string, by?: Actor): Promise<IdentityRecord>
  /** False if the identity is not linked to this user. */
  unlink(userId: string, issuer: string, subject: string, by?: Actor): Promise<boolean>
  /** The identities of a user, oldest first. */
  list(userId: string): Promise<readonly IdentityRecord[]>
}

export interface IdentitiesOptions {
  readonly store: Store
  /** Those whose tokens are accepted, and whose identities are kept in the store. */
  readonly issuers: readonly string[]
  readonly events: AuthEvents
  readonly clock: Clock
}

/** Characters of a subject: OpenID Connect Core §2 gives it 255. */
export const subjectMaxLength = 255

export function createIdentities({ store, issuers, events, clock }: IdentitiesOptions): Identities {
  return {
    async link(userId, issuer, subject, by) {
      if (!issuers.includes(issuer)) {
        throw new UserError('identity_invalid', [
          issuers.length === 0
            ? 'No issuer is configured whose identities are linked to users.'
            : `The issuer must be, exactly, one of: ${issuers.join(', ')}.`,
        ])
      }
      if (subject === '' || subject.length > subjectMaxLength || /\p{Cc}/u.test(subject)) {
        throw new UserError('identity_invalid', [
          `The subject must have 1 to ${subjectMaxLength} characters, and no control characters.`,
        ])
      }
      const identity = { issuer, subject, userId, createdAt: clock() }
      const outcome = await recordLink(events, store.identities, identity, by)
      if (outcome === 'no_user') {
        throw new UserError('user_unknown', ['There is no such user.'])
      }
      if (outcome === 'taken') {
        throw new UserError('identity_taken', [
          'This identity is linked to a user already: end that link first.',
        ])
      }
      return identity
    },
    unlink: (userId, issuer, subject, by) =>
      events.recordWith(
        { ...by, type: 'identity_unlinked', userId, details: { issuer, subject } },
        (event) => store.identities.unlink(userId, issuer, subject, event),
      ),
    list: (userId) => store.identities.listByUser(userId),
  }
}

/** Links an identity, with the event of it. */
export function recordLink(
  events: AuthEvents,
  store: IdentityStore,
  identity: IdentityRecord,
  by?: Actor,
): ReturnType<IdentityStore['link']> {
  const { userId, issuer, subject } = identity
  return events.recordWith(
    { ...by, type: 'identity_linked', userId, details: { issuer, subject } },
    (event) => store.link(identity, event),
    (outcome) => outcome === 'linked',
  )
}
