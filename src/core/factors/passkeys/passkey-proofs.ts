import type { Clock } from '../../clock.ts'
import { ConflictError } from '../../errors.ts'
import { type AuthEvents, actorOf } from '../../events/events.ts'
import type { StoredWith } from '../../mail/stored-with.ts'
import { byPasskey } from '../../tokens/authentication.ts'
import type { UserRecord } from '../../users/user-store.ts'
import type { FactorStore, PasskeyRecord } from '../factor-store.ts'
import type { Spending } from '../passkey-store.ts'
import type { FactorAttempt, UsePasskey } from '../shown-factor.ts'
import type { ChallengeFor, Challenges } from './challenges.ts'
import { readSigned } from './credential-json.ts'
import type { PasskeySettings } from './passkey-options.ts'
import { userHandleOf } from './public-key.ts'
import type { SignedFlags, WebAuthn } from './webauthn.ts'

export interface PasskeyProofsOptions {
  readonly settings: PasskeySettings
  readonly store: FactorStore
  readonly challenges: Challenges
  readonly webauthn: WebAuthn
  readonly events: AuthEvents
  readonly clock: Clock
}

/** Uses of one passkey at the same time, of which each but one reads its counter again. */
const mostReads = 5

export function createPasskeyProofs(options: PasskeyProofsOptions): UsePasskey {
  const { settings, store, challenges, webauthn, events, clock } = options

  /** False if the counter has changed meanwhile. */
  async function storeUse(
    user: UserRecord,
    id: string,
    use: { readonly before: PasskeyRecord; readonly signed: SignedFlags; readonly isBack: boolean },
    { actor, address, requestId }: FactorAttempt,
    storedWith: StoredWith & { readonly spends: Spending },
  ): Promise<boolean> {
    const { counter, backedUp } = use.signed
    const change = { id, counterBefore: use.before.counter, counter, backedUp, now: clock() }
    if (!use.isBack) return await store.usePasskey(change, storedWith)
    const userId = user.id
    const about = { userId, actor: actor ?? actorOf({ userId }), address, requestId }
    const details = { before: use.before.counter, counter }
    return await events.recordWith({ ...about, type: 'passkey_counter_back', details }, (event) =>
      store.usePasskey(change, { ...storedWith, event }),
    )
  }

  return async (user, { challengeId, credential: given }, attempt, storedWith) => {
    const credential = readSigned(given)
    if (credential === null) return 'not a passkey'
    const opened = challenges.open(challengeId, bindingOf(user, attempt))
    if (opened === null) return 'a challenge that has ended, or is for something else'
    const expected = { ...settings, challenge: opened.challenge }
    for (let read = 0; read < mostReads; read++) {
      const factor = await store.findPasskey(credential.id)
      if (!factor?.passkey || factor.userId !== user.id) return 'not a passkey of the user'
      const { passkey } = factor
      const { userHandle } = credential
      if (userHandle !== null && userHandle !== userHandleOf(user.id)) {
        return 'a passkey that was made for another user'
      }
      const signed = await webauthn.verifySigned(credential, passkey, expected)
      if (typeof signed === 'string') return signed
      if (signed.backupEligible !== passkey.backupEligible) {
        return 'whether the passkey may be backed up has changed'
      }
      const isBack = isCounterBack(passkey.counter, signed.counter)
      // One that is on several devices may have a counter on each.
      if (isBack && !passkey.backupEligible) return 'the counter went back: it may be a copy'
      const { spends } = opened
      try {
        const use = { before: passkey, signed, isBack }
        if (await storeUse(user, factor.id, use, attempt, { ...storedWith, spends })) {
          return { recoveryCodesLeft: null, proof: byPasskey(signed) }
        }
      } catch (error) {
        const isUsed = error instanceof ConflictError && error.code === 'token_ended'
        if (!isUsed || attempt.login) throw error
        return 'a challenge that was used before'
      }
    }
    return 'it was used at the same time'
  }
}

/** What its challenge must have been made for. */
export function bindingOf(
  { id: userId }: Pick<UserRecord, 'id'>,
  { purpose, login, sessionId = '' }: Pick<FactorAttempt, 'purpose' | 'login' | 'sessionId'>,
): ChallengeFor {
  if (login) return { purpose: 'mfa', userId, within: { login } }
  if (purpose === 'step-up') return { purpose, userId, within: { sessionId } }
  return { purpose: 'login' }
}

/** Authenticators without a counter always say 0 (Web Authentication §7.2 step 22). */
function isCounterBack(before: number, now: number): boolean {
  return (before > 0 || now > 0) && now <= before
}
