import type { Clock } from '../../clock.ts'
import { type AuthEvents, actorOf } from '../../events/events.ts'
import type { Throttle } from '../../throttle/throttle.ts'
import { type Authentication, byTwoFactors } from '../../tokens/authentication.ts'
import { isSuspended } from '../../users/suspension.ts'
import type { UserRecord, UserStore } from '../../users/user-store.ts'
import { confirmedOf } from '../confirmed-factors.ts'
import type { FactorAttempt, FactorAttempts } from '../factor-attempts.ts'
import type { FactorStore } from '../factor-store.ts'
import type { PendingLogin, Within } from '../mfa-tokens.ts'
import type { Challenges } from './challenges.ts'
import { readSigned } from './credential-json.ts'
import type {
  AddedWithinLogin,
  PasskeyChallenge,
  PasskeyLoginEnrolment,
  ShownPasskey,
} from './passkey-calls.ts'
import type { PasskeySettings } from './passkey-options.ts'
import { bindingOf } from './passkey-proofs.ts'
import { type PasskeyCreation, type PasskeyRequest, requestOf } from './public-key.ts'

/** What became of a login by a passkey alone. */
export type PasskeyLogin =
  | {
      readonly kind: 'proved'
      readonly user: UserRecord
      /** For what opens the session. */
      readonly authentication: Authentication
    }
  /** It was right, and has not verified its user: that is one factor. The login begins with a password. */
  | { readonly kind: 'one factor' }
  /** One answer for every cause. */
  | { readonly kind: 'refused' }

/** Passkeys at logins. */
export interface PasskeyLogins {
  /** For a login by a passkey alone. Says nothing of users, and stores nothing. */
  challenge(): PasskeyChallenge<PasskeyRequest>
  /** For a user who is known: a step-up, or the second step of a login. Names the user’s passkeys. */
  challengeOf(userId: string, within: Within): Promise<PasskeyChallenge<PasskeyRequest>>
  /**
   * Looks at the passkey of a login without a password. Opens no session.
   *
   * @throws {ThrottledError} if too many second factors of its user, or attempts from its source, were wrong before
   */
  logIn(shown: ShownPasskey, from: Omit<FactorAttempt, 'purpose' | 'login'>): Promise<PasskeyLogin>
  /** Begins to make a passkey within a login that waits for it. @throws {UserError} `user_unknown` */
  beginWithin(login: PendingLogin): Promise<PasskeyChallenge<PasskeyCreation>>
  /** Adds it. @throws {UserError} as `Passkeys.add`; {ConflictError} `token_ended` if the login has ended */
  addWithin(enrolment: PasskeyLoginEnrolment): Promise<AddedWithinLogin>
}

export interface PasskeyLoginsOptions {
  readonly settings: PasskeySettings
  readonly users: Pick<UserStore, 'findById'>
  readonly store: FactorStore
  readonly challenges: Challenges
  readonly attempts: Pick<FactorAttempts, 'verify'>
  readonly throttle: Throttle
  readonly events: AuthEvents
  readonly clock: Clock
}

export function createPasskeyLogins(
  options: PasskeyLoginsOptions,
): Omit<PasskeyLogins, 'beginWithin' | 'addWithin'> {
  const { settings, users, store, challenges, attempts, throttle, events, clock } = options

  /** Counts it for its source, as a wrong password of an unknown name is. @throws {ThrottledError} */
  async function refuse(
    credentialId: string,
    { address, requestId, clientId }: Omit<FactorAttempt, 'purpose'>,
    reason: string,
    userId?: string,
  ): Promise<PasskeyLogin> {
    const attempt = { account: `passkey ${credentialId}`, address, locks: false }
    await throttle.attempt(attempt, async () => {
      const about = { userId, address, requestId, clientId, reason }
      await events.record({ ...about, type: 'authn_login_fail' })
      return null
    })
    return { kind: 'refused' }
  }

  return {
    challenge() {
      const { challenge, challengeId } = challenges.make({ purpose: 'login' })
      return { challengeId, publicKey: requestOf(settings, challenge, null) }
    },
    async challengeOf(userId, { login, sessionId }) {
      const purpose = login ? 'login' : 'step-up'
      const binding = bindingOf({ id: userId }, { purpose, login, sessionId })
      const { challenge, challengeId } = challenges.make(binding)
      const factors = await confirmedOf(store, userId)
      return { challengeId, publicKey: requestOf(settings, challenge, factors) }
    },
    async logIn(shown, from) {
      const credential = readSigned(shown.credential)
      if (credential === null) return { kind: 'refused' }
      const factor = await store.findPasskey(credential.id)
      const user = factor && (await users.findById(factor.userId))
      if (!user) return await refuse(credential.id, from, 'a passkey that is not known here')
      // Without it nobody is known by the passkey (Web Authentication §7.2 step 6).
      if (credential.userHandle === null)
        return await refuse(credential.id, from, 'no user handle', user.id)
      if (!user.active || isSuspended(user, clock())) {
        const reason = user.active ? 'the user is suspended' : 'the user is inactive'
        return await refuse(credential.id, from, reason, user.id)
      }
      const by = { actor: from.actor ?? actorOf({ userId: user.id }) }
      const attempt = { ...from, ...by, purpose: 'login' } as const
      const proved = await attempts.verify(user, { passkey: shown }, attempt)
      if (proved === null) return { kind: 'refused' }
      if (proved.proof.acr !== 'phr') return { kind: 'one factor' }
      const authentication = byTwoFactors(clock(), [], proved.proof)
      return { kind: 'proved', user, authentication }
    },
  }
}
