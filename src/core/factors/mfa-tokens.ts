import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { OneTimeTokens, OpenedToken } from '../accounts/one-time-tokens.ts'
import type { Clock } from '../clock.ts'
import { tokenDigestOf } from '../mail/one-time-secret.ts'
import type { UserRecord } from '../users/user-store.ts'

/** What is to be done next by somebody whose password was right. */
export type FactorDemand =
  /** To show a second factor. */
  | 'challenge'
  /** To set one up: the role demands one. */
  | 'enroll'

/** What a token leads to: at the token endpoint, or on the pages of a login by browser. None passes as another. */
export type MfaPurpose = FactorDemand | `browser ${FactorDemand}`

/** The session that a login goes on from, as it was then. */
export interface SteppingSession {
  readonly id: string
  readonly generation: number
}

/** A login that has come as far as the second factor. */
export interface PendingLogin {
  readonly purpose: MfaPurpose
  readonly userId: string
  /**
   * The session that is to show more than it has, for which no password was entered now; null for a login of its own.
   * When another login has overtaken that session, or it has ended, nothing of this one is good.
   */
  readonly session: SteppingSession | null
  /** Of the user when the password was right: after a change of it nothing of the login is good. */
  readonly securityStamp: string
  /** The client and the scopes of the login. */
  readonly clientId: string
  readonly scopes: readonly string[]
  /** What the token is used up by. */
  readonly digest: string
  readonly subject: string
}

/** Where a factor is set up or shown: in a session, or in a login that waits for it. */
export type Within<Login = PendingLogin> =
  | { readonly sessionId: string; readonly login?: undefined }
  | { readonly login: Login; readonly sessionId?: undefined }

/** What a token is made for. A login has no session, unless it names one. */
export type LoginToCome = Pick<PendingLogin, 'purpose' | 'clientId' | 'scopes'> &
  Partial<Pick<PendingLogin, 'session'>>

/** Tokens that a login goes on with. Nothing else takes one. */
export interface MfaTokens {
  /** Seconds that one is good for. */
  readonly lifetime: number
  /** Makes one: `pmt_` and 256 bits. It ends the one before of the same session. Null if the user has changed. */
  issue(user: UserRecord, login: LoginToCome): Promise<string | null>
  /** The login of a token; null if it is unknown, expired, used, or its user has changed. */
  find(token: string): Promise<PendingLogin | null>
  /** Counts a try before it is looked at. False after five, or if the token has ended. */
  countTry(login: PendingLogin): Promise<boolean>
}

const lifetime = 5 * 60
const mostTries = 5
const kind = 'mfa'

export function createMfaTokens(tokens: OneTimeTokens, clock: Clock): MfaTokens {
  return {
    lifetime,
    async issue(user, { purpose, clientId, scopes, session = null }) {
      const token = `pmt_${randomBytes(32).toString('base64url')}`
      const isStored = await tokens.put({
        // A login of its own: another one of the same user does not end it. A session has one alone.
        ...{ kind, subject: session?.id ?? uuidv7(), digest: tokenDigestOf(kind, token), user },
        payload: { purpose, clientId, scopes, session },
        expiresAt: clock() + lifetime,
      })
      return isStored ? token : null
    },
    async find(token) {
      if (!/^pmt_[\w-]{43}$/.test(token)) return null
      const found = await tokens.findByDigest(tokenDigestOf(kind, token))
      return found && toLogin(found)
    },
    countTry: async ({ subject }) => (await tokens.countTry(kind, subject, mostTries)) !== null,
  }
}

function toLogin(found: OpenedToken): PendingLogin {
  const { digest, subject, userId, securityStamp, payload } = found
  // It was made by issue.
  const { purpose, clientId, scopes, session = null } = payload as unknown as LoginToCome
  return {
    ...{ purpose, clientId, scopes, session, digest, subject },
    ...{ userId: userId ?? '', securityStamp: securityStamp ?? '' },
  }
}
