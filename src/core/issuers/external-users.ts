import { createHash } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Clock } from '../clock.ts'
import { ConflictError } from '../errors.ts'
import type { AuthEvents } from '../events/events.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Store } from '../store.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import type { ExternalSubject } from '../tokens/external-subject.ts'
import type { OwnFields } from '../users/own-fields.ts'
import { newSecurityStamp } from '../users/security-stamp.ts'
import { userAt } from '../users/suspension.ts'
import { bareAccount, type User } from '../users/user.ts'
import { isAnothersAddress } from '../users/user-email.ts'
import type { UserFields } from '../users/user-fields.ts'
import type { UserRecord } from '../users/user-store.ts'
import { canonicalUsername } from '../users/username.ts'
import type { TrustedIssuer } from './external-issuer.ts'
import { recordLink } from './identities.ts'

/** Finds the users behind the tokens of one issuer. */
export interface ExternalUsers {
  find(token: AccessToken): MaybePromise<User | null>
}

export interface ExternalUsersOptions {
  readonly definition: TrustedIssuer
  readonly clock: Clock
  readonly store: Store | undefined
  readonly events: AuthEvents | undefined
  /** The application's own fields. Default: users have none. */
  readonly fields: OwnFields | undefined
  /** Those of a user who is made of a token. Default none. */
  readonly defaultFields: UserFields | undefined
}

export function createExternalUsers({
  definition: { users: mode, link },
  clock,
  store,
  events,
  fields,
  defaultFields = {},
}: ExternalUsersOptions): ExternalUsers {
  if (mode === 'token' || !store || !events) {
    return { find: (token) => userOfToken(token, defaultFields) }
  }
  const { identities, users } = store
  // Of one type from here on, in functions too.
  const recorder: AuthEvents = events

  async function linkByFunction(subject: ExternalSubject): Promise<User | null> {
    const userId = await link?.(subject)
    if (!userId) return null
    const identity = {
      issuer: subject.issuer,
      subject: subject.subject,
      userId,
      createdAt: clock(),
    }
    // The first of several requests has decided.
    const outcome = await recordLink(recorder, identities, identity, { actor: 'system' })
    if (outcome === 'no_user') return null
    return fromRecord(await identities.findUser(identity.issuer, identity.subject), clock())
  }

  async function create(subject: ExternalSubject): Promise<User | null> {
    if (subject.role === null) return null
    for (const username of usernamesFor(subject)) {
      if (await isAnothersAddress({ users }, username)) continue
      const user: UserRecord = {
        id: uuidv7(),
        username,
        passwordHash: null,
        role: subject.role,
        active: true,
        createdAt: clock(),
        securityStamp: newSecurityStamp(),
        ...bareAccount,
        fields: (await fields?.judge({})) ?? {},
      }
      try {
        const { issuer, role } = subject
        const details = { role, issuer, subject: subject.subject }
        await recorder.recordWith(
          { actor: 'system', type: 'user_created', userId: user.id, details },
          (event) => identities.createUser(issuer, subject.subject, user, event),
        )
      } catch (error) {
        // A local user with this name is another person: a name proves nothing (XI-12).
        if (error instanceof ConflictError && error.code === 'username_taken') continue
        throw error
      }
      // Read back: another request may have been first.
      return fromRecord(await identities.findUser(subject.issuer, subject.subject), clock())
    }
    return null
  }

  async function findOrMake(subject: ExternalSubject): Promise<User | null> {
    const known = await identities.findUser(subject.issuer, subject.subject)
    if (known !== null) return userAt(known, clock())
    return mode === 'create' ? await create(subject) : await linkByFunction(subject)
  }

  return { find: ({ external }) => (external ? findOrMake(external) : null) }
}

/**
 * The user that a token describes, where no store knows one. The id is the issuer and the subject,
 * which no id in a store can be; `createdAt` is when the token was issued.
 */
function userOfToken({ claims, external }: AccessToken, fields: UserFields): User | null {
  if (!external || external.role === null) return null
  const { issuer, subject, username, role } = external
  return {
    id: `${issuer}|${subject}`,
    username: username ?? subject,
    role,
    active: true,
    createdAt: claims.iat,
    ...{ email: null, emailVerified: false, fields, suspendedUntil: null },
  }
}

/** What a new user may be called: the issuer's name for them, else that name and a digest. */
function usernamesFor({ issuer, subject, username }: ExternalSubject): readonly string[] {
  const digest = createHash('sha256').update(`${issuer}|${subject}`).digest('hex').slice(0, 16)
  const preferred = username === null ? null : canonicalUsername(username)
  const candidates = [
    preferred,
    preferred === null ? null : canonicalUsername(`${preferred}.${digest}`),
    `user.${digest}`,
  ]
  return candidates.filter((name) => name !== null)
}

function fromRecord(record: UserRecord | null, now: number): User | null {
  return record && userAt(record, now)
}
