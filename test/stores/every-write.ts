// Each write that takes an event, of a store that leaves nothing out.

import type { Store } from '../../src/core/store.ts'
import { apiKeyWritesOf } from '../../src/stores/contract/api-key-writes.ts'
import { authorizationWritesOf } from '../../src/stores/contract/authorization-writes.ts'
import { factorWritesOf } from '../../src/stores/contract/factor-writes.ts'
import { aSession, aUser } from '../../src/stores/contract/records.ts'
import { type Write, writesOf } from '../../src/stores/contract/writes.ts'

export type WholeStore = Required<Store>

/** Prepares one call of each, by name. */
export const everyWrite: Readonly<
  Record<string, (store: WholeStore) => Promise<Write<WholeStore>>>
> = {
  ...writesOf(),
  ...authorizationWritesOf(),
  ...factorWritesOf(),
  ...apiKeyWritesOf(),
  'sessions.create': async ({ users }) => {
    const user = aUser()
    await users.create(user)
    const session = aSession(user)
    return ({ sessions }, event) => sessions.create(session, event)
  },
}
