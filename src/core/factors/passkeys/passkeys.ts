import { v7 as uuidv7 } from 'uuid'
import type { Clock } from '../../clock.ts'
import { ConflictError, UserError } from '../../errors.ts'
import { byPasskey } from '../../tokens/authentication.ts'
import { existing, explainConflict } from '../../users/user.ts'
import type { UserStore } from '../../users/user-store.ts'
import { confirmedOf, refuseTooMany } from '../confirmed-factors.ts'
import type { Enrol, EnrolledWithin } from '../enrolments.ts'
import type { FactorRecord, FactorStore } from '../factor-store.ts'
import { readName, toFactor } from '../own-factor.ts'
import type { ChallengeFor, Challenges } from './challenges.ts'
import { readCreated } from './credential-json.ts'
import type {
  AddedWithinLogin,
  PasskeyChallenge,
  PasskeyLoginEnrolment,
  Passkeys,
} from './passkey-calls.ts'
import type { PasskeyLogins } from './passkey-logins.ts'
import type { PasskeySettings } from './passkey-options.ts'
import { creationOf, type PasskeyCreation } from './public-key.ts'
import type { WebAuthn } from './webauthn.ts'

export interface PasskeysOptions {
  readonly settings: PasskeySettings
  readonly users: Pick<UserStore, 'findById'>
  readonly store: FactorStore
  readonly challenges: Challenges
  readonly webauthn: WebAuthn
  readonly enrol: Enrol
  readonly clock: Clock
}

/** How users come to passkeys: in a session, or in a login that waits for one. */
export function createPasskeys(options: PasskeysOptions): {
  readonly own: Passkeys
  readonly logins: Pick<PasskeyLogins, 'beginWithin' | 'addWithin'>
} {
  const { settings, users, store, challenges, webauthn, enrol, clock } = options

  async function begin(
    userId: string,
    within: EnrolledWithin,
  ): Promise<PasskeyChallenge<PasskeyCreation>> {
    const user = existing(await users.findById(userId))
    const factors = await confirmedOf(store, userId)
    refuseTooMany(factors)
    const { challenge, challengeId } = challenges.make(bindingOf(userId, within, factors))
    return { challengeId, publicKey: creationOf(settings, user, challenge, factors) }
  }

  async function add(
    enrolment: Omit<PasskeyLoginEnrolment, 'login'>,
    within: EnrolledWithin,
  ): Promise<AddedWithinLogin> {
    const { userId, name, challengeId, credential: given, ...origin } = enrolment
    const named = readName(name ?? 'Passkey')
    const others = await confirmedOf(store, userId)
    const opened = challenges.open(challengeId, bindingOf(userId, within, others))
    if (opened === null) throw challengeEnded()
    const credential = readCreated(given)
    if (credential === null) throw refused()
    const expected = { ...settings, challenge: opened.challenge }
    const created = await webauthn.verifyCreated(credential, expected)
    if (typeof created === 'string') throw refused(created)
    const user = existing(await users.findById(userId))
    refuseTooMany(others)
    const now = clock()
    const factor: FactorRecord = {
      ...{ id: uuidv7(), userId, kind: 'passkey', name: named, createdAt: now, confirmedAt: now },
      ...{ lastUsedAt: null, sealedSecret: null, lastStep: null, passkey: created.passkey },
    }
    const proof = byPasskey(created)
    const isFirst = others.length === 0
    const { address, userAgent, requestId } = origin
    const from = { address, userAgent, requestId }
    const added = await enrol(
      { user, kind: 'passkey', isFirst, within, proof, ...from },
      (enrolled, storedWith) =>
        store.addPasskey({ factor, ...enrolled }, { ...storedWith, spends: opened.spends }),
    ).catch((error) => explain(error, within))
    if (added === null) throw challengeEnded()
    return { ...added, factor: toFactor(factor), proof }
  }

  return {
    own: {
      begin: ({ userId, sessionId }) => begin(userId, { sessionId }),
      async add({ sessionId, token, ...enrolment }) {
        const { proof: _, ...added } = await add(enrolment, { sessionId, token })
        return added
      },
    },
    logins: {
      beginWithin: (login) => begin(login.userId, { login }),
      addWithin: ({ login, ...enrolment }) => add(enrolment, { login }),
    },
  }
}

/** What was begun before the first factor adds no second one: the first had not been shown. */
function bindingOf(
  userId: string,
  within: EnrolledWithin,
  present: readonly FactorRecord[],
): ChallengeFor {
  return { purpose: present.length === 0 ? 'enrol first' : 'enrol', userId, within }
}

function explain(error: unknown, { login }: EnrolledWithin): never {
  const isEnded = error instanceof ConflictError && error.code === 'token_ended'
  // Within a login both may have ended: who asks begins at the first.
  if (isEnded && login) throw error
  if (isEnded) throw challengeEnded()
  explainConflict(error)
}

function challengeEnded(): UserError {
  return new UserError('challenge_ended', [
    'This request for a passkey has ended or was answered before: begin again.',
  ])
}

/** @param reason For the log alone. */
function refused(reason = 'not a credential'): UserError {
  return new UserError(
    'passkey_refused',
    ['The passkey cannot be used here: try it again, or take another one.'],
    { cause: new Error(`passkey refused: ${reason}`) },
  )
}
