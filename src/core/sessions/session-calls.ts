import { knownAddress } from '../address.ts'
import type { Actor } from '../events/events.ts'
import { type OptionsOwner, record, type ShapesOf, text } from '../options.ts'
import type { AskingToken, Authentication } from '../tokens/authentication.ts'
import type { User } from '../users/user.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { Session, SessionKind, SessionRecord } from './session-store.ts'

/** Whom a session is opened for, and from where. */
export interface NewSession {
  /** The client that the login was made with. */
  readonly clientId: string
  /** What the login is granted. */
  readonly scopes: readonly string[]
  /** What the client calls itself (User-Agent). Default: nothing. */
  readonly userAgent?: string | undefined
  /** The address that the login came from. Default: unknown. */
  readonly address?: string | undefined
  /** The id of the request, for the event. Default none. */
  readonly requestId?: string | undefined
  /** How the user has authenticated. Default: with a password alone, now. */
  readonly authentication?: Authentication | undefined
  /** What the session is of. Default `login`. */
  readonly kind?: SessionKind | undefined
}

/**
 * Refuses a login with one factor by a user who needs two. Everything that opens a session, or stores that its
 * user has authenticated again, asks it.
 *
 * @throws {UserError} `factor_needed`
 */
export type RequireFactor = (user: UserRecord, authentication: Authentication) => Promise<void>

/** A live session with its newest refresh token. */
export interface OpenSession {
  /** The session as stored. */
  readonly session: Session
  /** Shown to the client once; nothing of it is stored. */
  readonly refreshToken: string
}

/** The live session of a refresh token that is the newest of it. */
export interface InspectedSession {
  /** The session as stored. */
  readonly session: Session
  /** The user of the session. */
  readonly user: User
  /** Seconds since 1970. */
  readonly expiresAt: number
}

/** How a user has authenticated again, and who says so. */
export interface ReauthenticationOptions {
  /** How. Default: with a password alone, now. */
  readonly authentication?: Authentication
  /**
   * What the access token that asks says. If the session is no longer as it says, the answer says how the user has
   * authenticated, and refreshes of the session do not. Default: they do.
   */
  readonly token?: AskingToken
  /** Who asked for it, for the event. Default: the user, from an unknown address. */
  readonly by?: Actor
}

export const reauthenticationShapes: ShapesOf<ReauthenticationOptions> = {
  authentication: record,
  token: record,
  by: record,
}
export const reauthenticationOwner: OptionsOwner = {
  name: 'sessions.reauthenticate',
  example: '{ by }',
}

/** Which session to end, and who ends it. */
export interface EndOptions {
  /** End the session only if it is this user's. Default: whose it is does not matter. */
  readonly userId?: string
  /** Who ends it, for the event. Default: unknown. */
  readonly by?: Actor
}

export const endShapes: ShapesOf<EndOptions> = { userId: text, by: record }
export const endOwner: OptionsOwner = { name: 'sessions.end', example: '{ userId }' }

/** Sessions that one user may have: the least recently used goes when there are more. */
export const maxPerUser = 100
const labelMaxLength = 200

/** Where a session was opened, as it is stored: what the client calls itself, cut, and its address. */
export function placeOf(
  userAgent = '',
  address: string | undefined,
): Pick<SessionRecord, 'label' | 'address'> {
  return {
    label: userAgent.replace(/\p{Cc}/gu, ' ').slice(0, labelMaxLength),
    address: knownAddress(address || undefined) ?? '',
  }
}

/** Leaves out the members that only core may see. */
export function toSession({ securityStamp: _, ...session }: SessionRecord): Session {
  return session
}
