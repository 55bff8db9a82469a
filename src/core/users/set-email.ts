import type { Clock } from '../clock.ts'
import type { AuthEvent } from '../events/event-store.ts'
import type { Actor } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { AddressDigests } from '../mail/one-time-secret.ts'
import type { NewMail } from '../mail/outbox-store.ts'
import type { Store } from '../store.ts'
import { newSecurityStamp } from './security-stamp.ts'
import { existing, type User } from './user.ts'
import type { ChangeUser } from './user-change.ts'
import { changesOf, renamedWith, type UserEmail, userEmailOf } from './user-email.ts'
import type { UserRecord } from './user-store.ts'

type EventDetails = NonNullable<AuthEvent['details']>

interface EmailSetterOptions {
  readonly store: Store
  readonly notices: Notices
  readonly clock: Clock
  readonly addressDigestsOf: AddressDigests
  readonly change: ChangeUser
}

/** What an administrator knows of an address. */
export interface EmailKnowledge {
  /** True if the user is known to read it. Default false. */
  readonly verified?: boolean | undefined
}

type SetEmail = (
  id: string,
  email: string | null,
  known?: EmailKnowledge,
  by?: Actor,
) => Promise<User>

/** Returns what sets the address of a user; see `Users.setEmail`. */
export function createEmailSetter(options: EmailSetterOptions): SetEmail {
  const { store, notices, clock, addressDigestsOf, change } = options

  /** To the address that is not used any more. */
  const told = (before: UserRecord, emailKey: string | null, by?: Actor): readonly NewMail[] =>
    before.emailKey === emailKey ? [] : notices.of('email_changed', before, by)

  /** To the new address. One that nobody vouches for may be a stranger's. */
  function confirmed(
    before: UserRecord,
    { email, emailKey, emailVerifiedAt }: UserEmail,
  ): readonly NewMail[] {
    const wasThere = before.emailKey === emailKey && before.emailVerifiedAt !== null
    if (email === null || emailVerifiedAt === null || wasThere) return []
    return notices.confirmed(before.id, email)
  }

  return async (id, email, { verified = false } = {}, by) => {
    const address = userEmailOf({ email, emailVerified: verified }, clock())
    const details: EventDetails = email === null ? { removed: true } : { verified }
    const before = existing(await store.users.findById(id))
    const { emailKey } = address
    const renamed = renamedWith(before, verified ? emailKey : null)
    const changes = { ...address, ...renamed, securityStamp: newSecurityStamp() }
    const storedWith = {
      mails: [...told(before, emailKey, by), ...confirmed(before, address)],
      // Nobody takes this change back, and others who were about to prove the address are too late.
      endsAddresses: [changesOf(id), ...(verified && emailKey !== null ? [emailKey] : [])].flatMap(
        addressDigestsOf,
      ),
    }
    return await change(id, changes, { ...by, type: 'email_changed', details }, storedWith)
  }
}
