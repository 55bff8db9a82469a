// Another process on the same database, which does with the keys what it is told.

import { createAccessToken } from '../../src/core/create-access-token.ts'
import { internals } from '../../src/core/internals.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../fixtures.ts'

/** What the other side asks for, and what the time is. */
export type KeyTask = { readonly now: number } & (
  | { readonly do: 'maintain' | 'rotate' | 'rotate at once' | 'read the JWK Set' }
  | { readonly do: 'retire'; readonly id: string }
  | { readonly do: 'issue'; readonly userId: string }
  | { readonly do: 'guard'; readonly token: string }
)

/** What was made of it: key ids, a token, or the reason why not. */
export type KeyOutcome =
  | { readonly done: true; readonly ids?: readonly string[]; readonly token?: string }
  | { readonly done: false; readonly reason: string }

const [, , database = '', startsAt = '0', key = ''] = process.argv
let now = Number(startsAt)
const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
const auth = await createTestAuth({
  store,
  keyEncryptionKey: Buffer.from(key, 'hex'),
  clock: () => now,
})
const guards = createGuards(auth)

async function perform(task: KeyTask): Promise<Omit<KeyOutcome & { done: true }, 'done'>> {
  const { managedKeys: keys } = auth
  if (keys === null) throw new TypeError('The keys are not managed.')
  switch (task.do) {
    case 'maintain':
      await keys.maintain()
      return {}
    case 'rotate':
      return { ids: [(await keys.rotate()).id] }
    case 'rotate at once':
      return { ids: [(await keys.rotate({ atOnce: true })).id] }
    case 'retire':
      return { ids: [(await keys.retire(task.id)).id] }
    case 'read the JWK Set':
      await auth[internals].keys.update()
      return { ids: auth[internals].keys.publicJwks.keys.map(({ kid = '' }) => kid) }
    case 'issue':
      return { token: (await createAccessToken(auth, task.userId)) ?? '' }
    case 'guard':
      await guards.activeUser({ headers: { authorization: `Bearer ${task.token}` } })
      return {}
  }
}

process.on('message', async (task: KeyTask) => {
  now = task.now
  const outcome: KeyOutcome = await perform(task).then(
    (result) => ({ done: true, ...result }),
    (error: Error) => ({ done: false, reason: error.message }),
  )
  process.send?.(outcome)
})
process.on('disconnect', () => auth.close())
process.send?.('ready')
