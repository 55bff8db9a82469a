import { randomUUID } from 'node:crypto'
import type { FactorRecord } from '../../core/factors/factor-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { Having } from './optional.ts'
import { addUser, aFactor, aPasskey, aSession, now } from './records.ts'
import type { Write } from './writes.ts'

type KeepingFactors = Having<'factors'>

/**
 * One call of each write of second factors that takes an event and changes something once, of many at the same
 * time too, by name.
 */
export function factorWritesOf(): Readonly<
  Record<string, (store: KeepingFactors) => Promise<Write<KeepingFactors>>>
> {
  return {
    'factors.confirm, of the first': async (store) => {
      const user = await addUser(store)
      const session = aSession(user)
      await store.sessions.create(session)
      const confirmation = await begun(store, user)
      const first = {
        ...{ securityStamp: 'new', keepSession: { id: session.id } },
        recoveryCodes: [randomUUID(), randomUUID()],
      }
      return ({ factors }, event) => factors.confirm({ ...confirmation, first }, { event })
    },
    'factors.confirm': async (store) => {
      const { user } = await confirmed(store)
      const confirmation = await begun(store, user)
      return ({ factors }, event) => factors.confirm(confirmation, { event })
    },
    'factors.useStep': async (store) => {
      const { id } = (await confirmed(store)).factor
      return ({ factors }, event) => factors.useStep({ id, step: 7, now }, { event })
    },
    'factors.addPasskey, the first': async (store) => {
      const user = await addUser(store)
      const session = aSession(user)
      await store.sessions.create(session)
      const first = {
        ...{ securityStamp: 'new', keepSession: { id: session.id } },
        recoveryCodes: [randomUUID()],
      }
      const addition = { factor: aPasskey(user), securityStamp: user.securityStamp, first }
      return ({ factors }, event) => factors.addPasskey(addition, { event })
    },
    'factors.usePasskey': async (store) => {
      const { user } = await confirmed(store)
      const factor = aPasskey(user, { counter: 5 })
      await store.factors.addPasskey({ factor, securityStamp: user.securityStamp })
      const use = { id: factor.id, counterBefore: 5, counter: 6, backedUp: false, now }
      return ({ factors }, event) => factors.usePasskey(use, { event })
    },
    'factors.useRecoveryCode': async (store) => {
      const { user, code } = await confirmed(store)
      return ({ factors }, event) => factors.useRecoveryCode(user.id, code, { event })
    },
    'factors.remove': async (store) => {
      const { user, factor } = await confirmed(store)
      return ({ factors }, event) => factors.remove(user.id, factor.id, { event })
    },
    'factors.removeAll, with the sessions': async (store) => {
      const { user } = await confirmed(store)
      return ({ factors }, event) =>
        factors.removeAll(user.id, { event, securityStamp: randomUUID() })
    },
  }
}

/** What confirms a factor that a user has begun to set up. */
async function begun({ factors }: KeepingFactors, user: UserRecord) {
  const factor = aFactor(user)
  await factors.begin(factor)
  const { id, userId, createdAt } = factor
  const { securityStamp } = user
  return { id, userId, securityStamp, step: 7, now, createdAfter: createdAt - 1 }
}

/** Somebody with a factor, and one recovery code. */
async function confirmed(
  store: KeepingFactors,
): Promise<{ readonly user: UserRecord; readonly factor: FactorRecord; readonly code: string }> {
  const user = await addUser(store)
  const factor = aFactor(user, { confirmedAt: now })
  const code = randomUUID()
  await store.factors.begin(factor)
  await store.factors.replaceRecoveryCodes(user.id, [code])
  return { user, factor, code }
}
