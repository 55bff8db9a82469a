import { UserError } from '../errors.ts'
import type { Store } from '../store.ts'
import { emailRule, readEmail } from './email.ts'
import type { UserRecord } from './user-store.ts'

/** What a user has of an address. */
export type UserEmail = Pick<UserRecord, 'email' | 'emailKey' | 'emailVerifiedAt'>

/** An address as it is given, and whether it is known to be the user's. */
export interface GivenEmail {
  readonly email?: string | null | undefined
  readonly emailVerified?: boolean | undefined
}

/**
 * What is stored of a given address.
 *
 * @param now Seconds since 1970: when it was verified, if it is.
 * @throws {UserError} `email_invalid`
 */
export function userEmailOf({ email = null, emailVerified }: GivenEmail, now: number): UserEmail {
  if (email === null) {
    if (!emailVerified) return { email: null, emailKey: null, emailVerifiedAt: null }
    throw new UserError('email_invalid', [
      'Without an e-mail address there is none to be verified.',
    ])
  }
  const read = readEmail(email)
  if (read === null) throw new UserError('email_invalid', [emailRule])
  return { email: read.email, emailKey: read.key, emailVerifiedAt: emailVerified ? now : null }
}

/** True if a username is the address that the user has verified. */
export function isOwnAddress(username: string, user: UserEmail): boolean {
  return user.emailVerifiedAt !== null && readEmail(username)?.key === user.emailKey
}

/** True if a username is an address that a user has verified, other than the one of this id. */
export async function isAnothersAddress(
  { users }: Pick<Store, 'users'>,
  username: string,
  id?: string,
): Promise<boolean> {
  const address = username.includes('@') ? readEmail(username) : null
  const owner = address && (await users.findByEmail(address.key))
  return owner !== null && owner.id !== id
}

/**
 * Refuses a username with an `@` that is not the verified address of the user: the name would be read
 * where somebody else's address is meant. For names that people choose themselves.
 *
 * @param username In canonical form.
 * @throws {UserError} `username_invalid`
 */
export function requireOwnAddress(username: string, user: UserEmail): void {
  if (!username.includes('@') || isOwnAddress(username, user)) return
  throw new UserError('username_invalid', [
    'A username with an @ must be the verified e-mail address of the user.',
  ])
}

/** What links that take changes of a user's address back are found by. No address is of this form. */
export function changesOf(userId: string): string {
  return `changes of ${userId}`
}

/** A username that was the user's own address goes with it: the next owner of that address may want it. */
export function renamedWith(
  { username, emailKey }: Pick<UserRecord, 'username' | 'emailKey'>,
  to: string | null,
): { readonly username?: string } {
  return to !== null && username === emailKey ? { username: to } : {}
}
