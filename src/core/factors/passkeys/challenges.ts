import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { createRotatingBox } from '../../keys/rotating-box.ts'
import type { PendingLogin, Within } from '../mfa-tokens.ts'
import type { Spending } from '../passkey-store.ts'

/** What a challenge is for. None passes as another. */
export type ChallengeFor =
  /** To log in by a passkey alone. Nobody is known yet. */
  | { readonly purpose: 'login' }
  /** To make a passkey, as the first factor or as another one, to show one again, or to go on with a login after the password. */
  | {
      readonly purpose: 'enrol' | 'enrol first' | 'step-up' | 'mfa'
      readonly userId: string
      /** The session, or the login that waits. */
      readonly within: Within<Pick<PendingLogin, 'digest'>>
    }

/** A challenge that has come back. */
export interface OpenedChallenge {
  /** In base64url, as the authenticator has signed it. */
  readonly challenge: string
  /** What using it up is stored as. */
  readonly spends: Spending
}

/**
 * Challenges of passkeys. A stranger may ask for as many as wanted, so none is stored: the server seals it, and
 * gets it back. What is stored, with the change that a challenge leads to, is that it was used.
 */
export interface Challenges {
  /** 32 random bytes in base64url, and the same sealed, with what they are for. */
  make(binding: ChallengeFor): { readonly challenge: string; readonly challengeId: string }
  /** Null if it has expired, is for something else, or was not sealed here. Does not say whether it was used. */
  open(challengeId: string, binding: ChallengeFor): OpenedChallenge | null
}

/** Seconds that one is good for. */
export const challengeLifetime: number = 5 * 60
const longestId = 1024

export function createChallenges(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
  clock: Clock,
): Challenges {
  const box = createRotatingBox(secret, previousSecrets, 'portcullis passkey challenges')
  return {
    make(binding) {
      const challenge = randomBytes(32).toString('base64url')
      const text = JSON.stringify([challenge, clock() + challengeLifetime])
      return { challenge, challengeId: box.seal(text, contextOf(binding)) }
    },
    open(challengeId, binding) {
      if (challengeId.length > longestId) return null
      const opened = box.open(challengeId, contextOf(binding))
      if (opened === null) return null
      // It was made above.
      const [challenge, expiresAt] = JSON.parse(opened.text) as [string, number]
      const now = clock()
      if (now >= expiresAt) return null
      const digest = createHash('sha256').update(`passkey challenge ${challenge}`)
      return {
        challenge,
        spends: { kind: 'passkey', digest: digest.digest('base64url'), now, expiresAt },
      }
    },
  }
}

/** What the box opens with: so a challenge for one thing is none for another. */
function contextOf(binding: ChallengeFor): string {
  if (binding.purpose === 'login') return 'passkey challenge for a login'
  const { purpose, userId, within } = binding
  const place = within.login ? ['login', within.login.digest] : ['session', within.sessionId]
  return `passkey challenge ${JSON.stringify([purpose, userId, ...place])}`
}
