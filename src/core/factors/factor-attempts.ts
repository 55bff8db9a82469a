import type { Clock } from '../clock.ts'
import { ConflictError, ThrottledError } from '../errors.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { StoredWith } from '../mail/stored-with.ts'
import type { AttemptCounts } from '../statistics.ts'
import type { Lock, Throttle } from '../throttle/throttle.ts'
import { byCode } from '../tokens/authentication.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { FactorStore } from './factor-store.ts'
import type { MfaTokens } from './mfa-tokens.ts'
import { recoveryDigestOf } from './recovery-codes.ts'
import type { SealedSecrets } from './sealed-secrets.ts'
import type { FactorAttempt, ProvedFactor, ShownFactor, UsePasskey } from './shown-factor.ts'
import { readCode, stepOf } from './totp.ts'

export type { FactorAttempt, ProvedFactor, ShownFactor } from './shown-factor.ts'

/** What is shown as a second factor. */
export type ShownKind = 'otp' | 'recovery_code' | 'passkey'

/** Checks second factors. */
export interface FactorAttempts {
  /**
   * Uses up what was shown, and says what that leaves; null if it is not right. Wrong ones count for the user,
   * whatever kind they are of and wherever they are shown. After a hundred in a row codes of apps are refused,
   * until a recovery code or an administrator ends that. A passkey is looked at meanwhile, and ends nothing.
   *
   * @throws {ThrottledError} if too many were wrong before; {ConflictError} `token_ended` if the login has ended.
   */
  verify(user: UserRecord, shown: ShownFactor, attempt: FactorAttempt): Promise<ProvedFactor | null>
  /** How attempts have ended since the start, by what was shown. */
  readonly counts: Readonly<Record<ShownKind, Omit<AttemptCounts, 'unavailable'>>>
  /** Ends the waits of a user, and the lock. */
  unlock(userId: string): Promise<void>
}

export interface FactorAttemptsOptions {
  readonly store: FactorStore
  readonly secrets: SealedSecrets
  readonly tokens: MfaTokens
  /** Null if passkeys are off: then none is right. */
  readonly usePasskey: UsePasskey | null
  readonly throttle: Throttle
  readonly events: AuthEvents
  readonly notices: Notices
  readonly clock: Clock
}

export function createFactorAttempts(options: FactorAttemptsOptions): FactorAttempts {
  const { store, secrets, tokens, usePasskey, throttle, events, notices, clock } = options

  /** Of one user's apps: that of the code, with the step. Which it is tells nobody anything. */
  async function useOtp(
    user: UserRecord,
    typed: string,
    storedWith: StoredWith,
  ): Promise<ProvedFactor | string> {
    const code = readCode(typed)
    if (code === null) return 'not six digits'
    const now = clock()
    let reason = 'wrong code'
    for (const factor of await store.listByUser(user.id)) {
      if (factor.kind !== 'totp' || factor.confirmedAt === null) continue
      const opened = secrets.open(factor)
      if (opened === null) {
        reason = 'the secret of a factor cannot be opened with the keys of this server'
        continue
      }
      const step = stepOf(opened.bytes, code, now)
      if (step === null) continue
      const use = { id: factor.id, step, now, sealedSecret: opened.sealedAgain }
      if (await store.useStep(use, storedWith)) return { recoveryCodesLeft: null, proof: byCode }
      reason = 'a code that was used before'
    }
    return reason
  }

  async function useRecoveryCode(
    user: UserRecord,
    typed: string,
    { redeems }: StoredWith,
    { actor, address, requestId, userAgent }: FactorAttempt,
  ): Promise<ProvedFactor | string> {
    const digest = recoveryDigestOf(user.id, typed)
    if (digest === null) return 'not a recovery code'
    const recoveryCodesLeft = Math.max(0, (await store.countRecoveryCodes(user.id)) - 1)
    const used = {
      type: 'recovery_code_used',
      userId: user.id,
      actor: actor ?? actorOf({ userId: user.id }),
      ...{ address, requestId, details: { left: recoveryCodesLeft } },
    } as const
    const origin = { address, userAgent }
    const mails = notices.of('recovery_code_used', user, origin, { left: recoveryCodesLeft })
    const isRight = await events.recordWith(used, (event) =>
      store.useRecoveryCode(user.id, digest, { event, mails, redeems }),
    )
    if (!isRight) return 'wrong recovery code'
    notices.wake()
    return { recoveryCodesLeft, proof: byCode }
  }

  async function use(
    user: UserRecord,
    { otp, passkey, recoveryCode }: ShownFactor,
    storedWith: StoredWith,
    attempt: FactorAttempt,
  ): Promise<ProvedFactor | string> {
    if (otp !== undefined) return await useOtp(user, otp, storedWith)
    if (passkey === undefined) return await useRecoveryCode(user, recoveryCode, storedWith, attempt)
    return (await usePasskey?.(user, passkey, attempt, storedWith)) ?? 'passkeys are off'
  }

  async function fail(
    user: UserRecord,
    { address, requestId, clientId, purpose }: FactorAttempt,
    reason: string,
  ): Promise<null> {
    const about = { userId: user.id, address, requestId, clientId }
    await events.record({ ...about, type: 'factor_fail', reason, details: { purpose } })
    return null
  }

  const none = () => ({ succeeded: 0, failed: 0, throttled: 0 })
  const counts = { otp: none(), recovery_code: none(), passkey: none() }

  async function look(
    user: UserRecord,
    shown: ShownFactor,
    attempt: FactorAttempt,
  ): Promise<ProvedFactor | null> {
    const { address, login } = attempt
    const check = async (): Promise<ProvedFactor | null> => {
      if (login && !(await tokens.countTry(login))) throw new ConflictError('token_ended')
      const storedWith = login ? { redeems: { digest: login.digest, now: clock() } } : {}
      const answer = await use(user, shown, storedWith, attempt)
      return typeof answer === 'string' ? await fail(user, attempt, answer) : answer
    }
    const onLocked = async ({ failures, knownSource }: Lock): Promise<void> => {
      const details = { failures, known_source: knownSource }
      await events.record({ type: 'factor_locked', userId: user.id, address, details })
      await notices.tell('factor_locked', user, { address })
    }
    const account = accountOf(user.id)
    const isRecovery = shown.recoveryCode !== undefined
    // Too long to be guessed.
    const isLong = shown.otp === undefined
    try {
      const proved = await throttle.attempt({ account, address, onLocked }, check)
      if (proved !== null && isRecovery && (await throttle.isLocked(account, address))) {
        await throttle.unlock(account)
      }
      return proved
    } catch (error) {
      const isLocked =
        error instanceof ThrottledError && isLong && (await throttle.isLocked(account, address))
      if (!isLocked) throw error
      // Slow attempts are enough, and the way back in.
      const recovery = { account: recoveryAccountOf(user.id), address, locks: false }
      const proved = await throttle.attempt(recovery, check)
      if (proved !== null && isRecovery) await throttle.unlock(account)
      return proved
    }
  }

  return {
    counts,
    async verify(user, shown, attempt) {
      const count = counts[kindOf(shown)]
      try {
        const proved = await look(user, shown, attempt)
        count[proved === null ? 'failed' : 'succeeded']++
        return proved
      } catch (error) {
        if (error instanceof ThrottledError) count.throttled++
        throw error
      }
    },
    async unlock(userId) {
      for (const account of [accountOf(userId), recoveryAccountOf(userId)]) {
        await throttle.unlock(account)
      }
    },
  }
}

function kindOf({ otp, passkey }: ShownFactor): ShownKind {
  if (otp !== undefined) return 'otp'
  return passkey === undefined ? 'recovery_code' : 'passkey'
}

function accountOf(userId: string): string {
  return `second factor ${userId}`
}

/** What is counted while codes of apps are locked. */
function recoveryAccountOf(userId: string): string {
  return `recovery ${userId}`
}
