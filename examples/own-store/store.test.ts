// The store keeps the contract. Run: node --test store.test.ts

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { storeContract } from 'portcullis/stores/contract'
import { openDatabase } from './database.ts'
import { ownStore } from './store.ts'

const directory = mkdtempSync(join(tmpdir(), 'own-store-'))
after(() => rmSync(directory, { recursive: true }))

storeContract('the store of members', async () => {
  // Two connections to one file, as two processes have them.
  const open = () => ownStore(openDatabase(join(directory, 'app.db')))
  return [open(), open()]
})
