// A process that opens a database, and its key, and closes it.

import { sqlite } from '../../src/stores/sqlite/index.ts'

const store = sqlite(process.argv[2] ?? '')
await store.open()
await store.keyEncryptionKey?.()
await store.close()
