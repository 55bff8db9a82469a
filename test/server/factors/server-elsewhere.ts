// A process of its own: the ready server on a database that others have open, too. Each request says what
// time it is, so that all processes have the clock of the test.

import { buildApp } from '../../../src/server/app.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../../fixtures.ts'
import { portOf } from '../fixtures.ts'
import { clockHeader, pairOptions } from './pair-options.ts'

const [, , database = '', key = ''] = process.argv
let now = 0
const auth = await createTestAuth({
  ...pairOptions,
  store: database.startsWith('postgres:') ? postgres(database) : sqlite(database),
  keyEncryptionKey: Buffer.from(key, 'hex'),
  clock: () => now,
})
const app = await buildApp({
  ...{ auth, docs: false, pages: false, prune: false },
  trustedProxies: { addresses: ['127.0.0.1'], hops: 1 },
})
app.server.prependListener('request', ({ headers }) => {
  now = Number(headers[clockHeader])
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.on('disconnect', async () => {
  await app.close()
  await auth.close()
})
process.send?.(portOf(app))
