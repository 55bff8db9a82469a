// That what is asked of API keys reads an index, however many there are.

import { anApiKey, aUser } from '../../../src/stores/contract/records.ts'
import { createApiKeyStore } from '../../../src/stores/sql/api-keys.ts'
import { manyRows, manyUsers, plansReadIndexes, type Question } from './plans.ts'

/** Each user has a key. */
const rows = [
  manyUsers,
  manyRows(
    'api_keys',
    'id, digest, user_id, name, scope, created_at, expires_at, expiry_told',
    `'key' || n, 'digest' || n, 'user' || n, 'script', '', 0, n, 0`,
  ),
]

type Keys = ReturnType<typeof createApiKeyStore>

const key = (table: string): string => `sqlite_autoindex_${table}_1|${table}_pkey`
const user = aUser({ id: 'user5', securityStamp: 'stamp' })

const questions: readonly Question<Keys>[] = [
  [
    `${key('users')}|api_keys_by_user`,
    (keys) => keys.create(anApiKey(user), { securityStamp: 'stamp', most: 9 }),
  ],
  ['api_keys_by_digest', (keys) => keys.findSubject('digest7')],
  ['api_keys_by_user', (keys) => keys.listByUser('user7')],
  [key('api_keys'), (keys) => keys.touch('key7', 5, 4)],
  [`${key('api_keys')}|api_keys_by_user`, (keys) => keys.remove('user7', 'key7')],
  ['api_keys_by_expires_at', (keys) => keys.expiring(100, 200, 10)],
  [key('api_keys'), (keys) => keys.tellExpiry('key8')],
  ['api_keys_by_expires_at', (keys) => keys.prune(100, 10)],
]

await plansReadIndexes<Keys>({
  subject: 'API keys',
  ...{ rows, questions },
  tables: ['users', 'api_keys'],
  stores: createApiKeyStore,
})
