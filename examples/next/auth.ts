// What every route handler shares. Next.js may load a file more than once; `globalThis` has one of it.

import { type Auth, createAuth } from 'portcullis'
import { sqlite } from 'portcullis/stores/sqlite'
import { createGuards, type Guards } from 'portcullis/web'

const shared = globalThis as { portcullis?: Promise<Auth> }
shared.portcullis ??= openAuth()

export const auth: Auth = await shared.portcullis
export const guards: Guards = createGuards(auth)

// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })

async function openAuth(): Promise<Auth> {
  const issuer = process.env.ISSUER ?? 'http://localhost:3000'
  const opened = await createAuth({ store: sqlite('app.db'), issuer })
  // Deletes what has ended, and rotates the keys, as long as the process runs.
  void opened.maintain(new AbortController().signal)
  return opened
}
