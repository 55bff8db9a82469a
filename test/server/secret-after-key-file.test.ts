// A server that signed with managed keys, and now has a SECRET_KEY: what was made under its key file is still good.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openAuth } from '../../src/server/open-auth.ts'
import { readConfig } from '../../src/server/settings/config.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

const engines = [
  { engine: 'SQLite', skip: false, keyFile: 'portcullis.db.key', databaseOf: async () => ({}) },
  {
    ...{ engine: 'PostgreSQL', skip, keyFile: 'portcullis.key' },
    databaseOf: async () => ({ DATABASE_URL: (await server?.createDatabase('moved')) ?? '' }),
  },
]

for (const { engine, skip, keyFile, databaseOf } of engines) {
  test(`a session outlives the move from a key file to a secret key: ${engine} (KM-12)`, {
    skip,
  }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
    t.after(() => rmSync(directory, { recursive: true }))
    const environment = { DATA_DIR: directory, ...(await databaseOf()) }
    const before = await openAuth(readConfig(environment))
    const user = await before.users.create({ username: 'alice', password: null })
    const opened = await before.sessions.open(user, { clientId: 'first-party', scopes: [] })
    await before.close()

    const previous = readFileSync(join(directory, keyFile), 'utf8').trim()
    const moved = { SECRET_KEY: 'b7e1f0a2c3d4958677869504a3b2c1d0' }
    const now = await openAuth(
      readConfig({ ...environment, ...moved, KEY_ENCRYPTION_KEY_PREVIOUS: previous }),
    )
    t.after(() => now.close())
    const refreshed = await now.sessions.refresh(opened?.refreshToken ?? '', 'first-party')
    assert.equal(refreshed.session.id, opened?.session.id)
  })
}
