import type { Clock } from '../clock.ts'
import type { AuthEvents } from '../events/events.ts'
import type { AuthEventType } from '../events/vocabulary.ts'
import type { Store } from '../store.ts'
import type { UserPreparer } from '../users/new-user.ts'
import type { OwnFields } from '../users/own-fields.ts'
import { explainConflict, toUser, type User } from '../users/user.ts'
import { requireOwnAddress } from '../users/user-email.ts'
import type { UserFields } from '../users/user-fields.ts'
import type { OneTimeTokens, OpenedToken } from './one-time-tokens.ts'
import type { RequestOrigin } from './request.ts'

/** What somebody chooses behind a link. */
export interface CompleteAccount<Fields extends UserFields = UserFields> extends RequestOrigin {
  /** Of the link: `pot_…`. */
  readonly token: string
  /** Default: the address, or the name that an invitation gives. */
  readonly username?: string | undefined
  /** Must pass the password policy. */
  readonly password: string
  /** Of the application's own fields those that users may write. Default: the defaults of the schema. */
  readonly fields?: Partial<Fields> | undefined
}

/** A user who is to be made for a link. */
export interface AccountOfToken {
  readonly account: CompleteAccount
  readonly token: OpenedToken
  readonly email: string | null
  /** Whether the link proves that the address is read. */
  readonly isVerified: boolean
  readonly type: AuthEventType
  /** Default: the default role. */
  readonly role?: string | undefined
  /** The role of the invitation, if it is refused now: for the event. */
  readonly refusedRole?: string | undefined
  /** The name that an invitation gives. Default: the one that is chosen. */
  readonly username?: string | null
  /** The fields that an invitation gives: what the user chooses goes before them. Default none. */
  readonly fields?: UserFields
}

/** Makes users for links, each with the end of the link in one transaction. */
export interface NewAccount {
  /** @throws {UserError} as the flows say. */
  create(account: AccountOfToken): Promise<User>
}

export interface NewAccountOptions {
  readonly store: Store
  readonly preparer: UserPreparer
  readonly tokens: OneTimeTokens
  readonly events: AuthEvents
  readonly fields: OwnFields
  readonly clock: Clock
}

export function createNewAccount(options: NewAccountOptions): NewAccount {
  const { store, preparer, tokens, events, clock, fields } = options
  return {
    async create({
      account,
      token,
      email,
      isVerified,
      type,
      role,
      refusedRole,
      username,
      ...more
    }) {
      const { password, address, requestId } = account
      const chosen = fields.requireWritableByUser(account.fields ?? {})
      const record = await preparer.prepare({
        username: username ?? account.username ?? email ?? '',
        password,
        fields: { ...more.fields, ...chosen },
        ...(role !== undefined && { role }),
        ...(email !== null && { email, emailVerified: isVerified }),
      })
      // A name that an administrator has chosen stays.
      if (!username) requireOwnAddress(record.username, record)
      const happening = { type, userId: record.id, address, requestId }
      const details = { role: record.role, ...(refusedRole && { refused_role: refusedRole }) }
      await events
        .recordWith({ ...happening, details, actor: `user:${record.id}` }, (event) =>
          store.users.create(record, {
            event,
            redeems: { digest: token.digest, now: clock() },
            ...(isVerified &&
              record.emailKey !== null && {
                endsAddresses: tokens.addressDigestsOf(record.emailKey),
              }),
          }),
        )
        .catch(explainConflict)
      return toUser(record)
    },
  }
}
