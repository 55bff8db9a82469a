// A process that writes to a database and says so, a line for each write that was acknowledged, until
// it is killed.

import { sqlite } from '../../src/stores/sqlite.ts'
import { aSession, aUser } from './contract.ts'

const store = sqlite(process.argv[2] ?? '')
await store.open()
const owner = aUser({ username: `owner-${process.pid}` })
await store.users.create(owner)
const session = aSession(owner)
await store.sessions.create(session)

for (let generation = 0; ; generation++) {
  const user = aUser({ username: `user-${process.pid}-${generation}` })
  await store.users.create(user)
  await store.sessions.rotate({
    id: session.id,
    generation,
    clientId: session.clientId,
    now: session.createdAt,
    idleSince: 0,
  })
  const line = { user: user.id, session: session.id, generation: generation + 1 }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
