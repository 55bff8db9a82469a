// The stores that the tests of mails run on.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Store } from '../../../src/core/store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'

export interface MailEngine {
  readonly name: 'memory' | 'SQLite' | 'PostgreSQL'
  readonly skip: string | false
  /** The file or the URL of an empty database. */
  create(): Promise<string>
}

/** A store of a database, which another process may have open. */
export function storeOf(name: MailEngine['name'], database: string): Store {
  if (name === 'memory') return memory()
  return name === 'SQLite' ? sqlite(database) : postgres(database)
}

/** All of them; called once in a file. */
export async function startEngines(): Promise<readonly MailEngine[]> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-mail-'))
  const { server, skip } = await startPostgresOrSkip()
  after(async () => {
    await server?.remove()
    rmSync(directory, { recursive: true, force: true })
  })
  let databases = 0
  return [
    { name: 'memory', skip: false, create: async () => '' },
    { name: 'SQLite', skip: false, create: async () => join(directory, `${databases++}.db`) },
    {
      ...{ name: 'PostgreSQL', skip },
      create: async () => (await server?.createDatabase(`mail_${databases++}`)) ?? '',
    },
  ]
}
