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

/** A login that has come as far as the second factor. */
export interface PendingLogin {
  readonly purpose: MfaPurpose
  readonly userId: string
  /** Of the user when the password was right: after a change of it nothing of the login is good. */
  readonly securityStamp: string
  /** The client and the scopes of the login. */
  readonly clientId: string
  readonly scopes: readonly string[]
  /** What the token is used up by. */
  readonly digest: string
  readonly subject: string
}

/** Tokens that a login goes on with. Nothing else takes one. */
export interface MfaTokens {
  /** Seconds that one is good for. */
  readonly lifetime: number
  /** Makes one: `pmt_` and 256 bits. Null if the user has changed meanwhile. */
  issue(
    user: UserRecord,
    login: Pick<PendingLogin, 'purpose' | 'clientId' | 'scopes'>,
  ): Promise<string | null>
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
    async issue(user, { purpose, clientId, scopes }) {
      const token = `pmt_${randomBytes(32).toString('base64url')}`
      const isStored = await tokens.put({
        // A login of its own: another one of the same user does not end it.
        ...{ kind, subject: uuidv7(), digest: tokenDigestOf(kind, token), user },
        payload: { purpose, clientId, scopes },
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
  const { purpose, clientId, scopes } = payload as Pick<
    PendingLogin,
    'purpose' | 'clientId' | 'scopes'
  >
  return {
    ...{ purpose, clientId, scopes, digest, subject },
    ...{ userId: userId ?? '', securityStamp: securityStamp ?? '' },
  }
}
