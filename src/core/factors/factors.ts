import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { Store } from '../store.ts'
import { byCode } from '../tokens/authentication.ts'
import { newSecurityStamp } from '../users/security-stamp.ts'
import { existing, explainConflict } from '../users/user.ts'
import type { UserRecord } from '../users/user-store.ts'
import { confirmedOf, isConfirmed, refuseTooMany } from './confirmed-factors.ts'
import type { Enrol } from './enrolments.ts'
import type { FactorAttempts } from './factor-attempts.ts'
import type {
  ConfirmedFactor,
  Factors,
  LoginConfirmation,
  OwnFactors,
  TotpConfirmation,
} from './factor-calls.ts'
import type { FactorSettings } from './factor-options.ts'
import type { FactorStore } from './factor-store.ts'
import { setUpOf } from './otpauth.ts'
import { readName, toFactor } from './own-factor.ts'
import type { Passkeys } from './passkeys/passkey-calls.ts'
import { makeRecoveryCodes } from './recovery-codes.ts'
import type { SealedSecrets } from './sealed-secrets.ts'
import type { SecondFactor } from './second-factor.ts'
import { readCode, secretLength, stepOf } from './totp.ts'

export interface FactorsParts {
  readonly store: Store
  readonly factors: FactorStore
  readonly settings: FactorSettings
  readonly secrets: SealedSecrets
  readonly attempts: FactorAttempts
  readonly second: Pick<SecondFactor, 'isDemandedOf' | 'kindsOf'>
  readonly enrol: Enrol
  readonly passkeys: Passkeys | null
  readonly events: AuthEvents
  readonly notices: Notices
  readonly clock: Clock
}

/** Seconds in which an app is confirmed. */
export const enrolmentLifetime: number = 10 * 60

/** The same, and what ends a login that waits for its first factor. @throws {ConflictError} `token_ended` if that has ended */
export interface AllFactors extends Factors {
  confirmWithin(confirmation: LoginConfirmation): Promise<ConfirmedFactor>
}

export function createFactors(parts: FactorsParts): AllFactors {
  const { store, factors, settings, secrets, attempts, second, enrol } = parts
  const { events, notices, clock } = parts

  const userOf = async (userId: string): Promise<UserRecord> =>
    existing(await store.users.findById(userId))

  function about(
    type: 'factor_renamed' | 'factor_removed' | 'recovery_codes_made',
    { userId, address, requestId }: OwnFactors,
  ) {
    return { type, userId, actor: actorOf({ userId }), address, requestId } as const
  }

  /** For all factors of one's own at once. */
  async function refuseOwnLast(
    user: UserRecord,
    { keepOne, keepPasskey }: { readonly keepOne: boolean; readonly keepPasskey: boolean },
  ): Promise<void> {
    if (keepOne) {
      throw new UserError('last_factor', [
        'Your role demands a second factor: another administrator can reset yours.',
      ])
    }
    if (keepPasskey && (await second.kindsOf(user)).has('passkey')) {
      throw new UserError('last_factor', [
        'You have no password, and log in by a passkey: remove your other factors one by one.',
      ])
    }
  }

  async function confirm(
    confirmation: TotpConfirmation | LoginConfirmation,
  ): Promise<ConfirmedFactor> {
    const { userId, id, otp, address, userAgent, requestId } = confirmation
    const origin = { address, userAgent, requestId }
    const now = clock()
    const all = await factors.listByUser(userId)
    const found = all.find((each) => each.id === id && !isConfirmed(each))
    const opened = found && secrets.open(found)
    if (!opened || found.createdAt + enrolmentLifetime <= now) throw unknown(enrolmentEnded)
    const user = await userOf(userId)
    const code = readCode(otp)
    const step = code === null ? null : stepOf(opened.bytes, code, now)
    if (step === null) throw codeIncorrect()
    const others = all.filter(isConfirmed)
    refuseTooMany(others)
    const isFirst = others.length === 0
    const within =
      'login' in confirmation
        ? { login: confirmation.login }
        : { sessionId: confirmation.sessionId, token: confirmation.token }
    const confirmed = await enrol(
      { user, kind: 'totp', isFirst, within, proof: byCode, ...origin },
      (enrolled, storedWith) =>
        factors.confirm(
          { ...{ id, userId, step, now, createdAfter: now - enrolmentLifetime }, ...enrolled },
          storedWith,
        ),
    )
    if (confirmed === null) throw unknown(enrolmentEnded)
    return confirmed
  }

  return {
    passkeys: parts.passkeys,
    list: async (userId) => (await confirmedOf(factors, userId)).map(toFactor),
    recoveryCodesLeft: (userId) => factors.countRecoveryCodes(userId),
    async beginTotp({ userId, name }) {
      const user = await userOf(userId)
      refuseTooMany(await confirmedOf(factors, userId))
      const secret = randomBytes(secretLength)
      const id = uuidv7()
      const begun = await factors.begin({
        ...{ id, userId, kind: 'totp', name: readName(name ?? 'Authenticator app') },
        ...{ createdAt: clock(), confirmedAt: null, lastUsedAt: null, lastStep: null },
        ...{ sealedSecret: secrets.seal(secret, { id, userId }), passkey: null },
      })
      if (!begun) existing(null)
      return { id, ...setUpOf(secret, settings.issuerName, user.username) }
    },
    confirmTotp: confirm,
    confirmWithin: confirm,
    async rename({ userId, id, name, ...origin }) {
      const named = readName(name)
      const renamed = await events.recordWith(
        about('factor_renamed', { userId, ...origin }),
        (event) => factors.rename(userId, id, named, { event }),
      )
      const factor = renamed && (await confirmedOf(factors, userId)).find((each) => each.id === id)
      if (!factor) throw unknown()
      return toFactor(factor)
    },
    async remove({ userId, id, ...origin }) {
      const user = await userOf(userId)
      const keepOne = second.isDemandedOf(user.role)
      // The last way in stays.
      const keepPasskey = user.passwordHash === null
      const removed = await events
        .recordWith(about('factor_removed', { userId, ...origin }), (event) =>
          factors.remove(userId, id, {
            event,
            mails: notices.of('factor_removed', user, origin),
            ...{ keepOne, keepPasskey },
          }),
        )
        .catch(explainConflict)
      if (!removed) throw unknown()
      notices.wake()
    },
    async renewRecoveryCodes({ userId, ...origin }) {
      const user = await userOf(userId)
      const { codes, digests } = makeRecoveryCodes(userId)
      const made = await events.recordWith(
        about('recovery_codes_made', { userId, ...origin }),
        (event) =>
          factors.replaceRecoveryCodes(userId, digests, {
            event,
            mails: notices.of('recovery_codes_made', user, origin),
          }),
      )
      if (!made) throw unknown('There is no second factor that recovery codes would stand in for.')
      notices.wake()
      return codes
    },
    async reset(userId, { id, by = {} } = {}) {
      const user = await userOf(userId)
      const isOwn = by.actor === actorOf({ userId })
      const keepOne = isOwn && second.isDemandedOf(user.role)
      const keepPasskey = isOwn && user.passwordHash === null
      if (id === undefined) await refuseOwnLast(user, { keepOne, keepPasskey })
      const removal = {
        ...{ securityStamp: newSecurityStamp(), keepOne, keepPasskey },
        mails: notices.of('factor_removed', user, by),
      }
      const about = {
        type: 'factor_removed',
        userId,
        ...by,
        details: { all: id === undefined },
      } as const
      const removed = await events
        .recordWith(about, (event) =>
          id === undefined
            ? factors.removeAll(userId, { ...removal, event })
            : factors.remove(userId, id, { ...removal, event }),
        )
        .catch(explainConflict)
      if (!removed) throw unknown(id === undefined ? 'The user has no second factor.' : undefined)
      notices.wake()
      await attempts.unlock(userId)
    },
  }
}

const enrolmentEnded = 'This enrolment has ended: begin again.'

function unknown(says = 'There is no such second factor.'): UserError {
  return new UserError('factor_unknown', [says])
}

function codeIncorrect(): UserError {
  return new UserError('code_incorrect', [
    'The code is not right: type the one that your app shows now, and check the time of your device.',
  ])
}
