// That what is asked of second factors reads an index, however many rows there are.

import { aFactor, aUser } from '../../../src/stores/contract/records.ts'
import { createFactorStore } from '../../../src/stores/sql/factors.ts'
import { manyRows, manyUsers, plansReadIndexes, type Question } from './plans.ts'

/** Each user has a factor, which few have not confirmed, and a recovery code. */
const rows = [
  manyUsers,
  manyRows(
    'factors',
    'id, user_id, kind, name, created_at, confirmed_at, last_step, credential_id, counter',
    `'factor' || n, 'user' || n, case when n % 3 = 0 then 'passkey' else 'totp' end, 'phone', 0,
      case when n % 1000 = 10 then null else 1 end, 1,
      case when n % 3 = 0 then 'credential' || n else null end, 0`,
  ),
  manyRows('recovery_codes', 'digest, user_id', `'digest' || n, 'user' || n`),
]

type Factors = ReturnType<typeof createFactorStore>

const user = aUser({ id: 'user5', securityStamp: 'stamp' })
const key = (table: string): string => `sqlite_autoindex_${table}_1|${table}_pkey`
const confirmation = { securityStamp: 'stamp', step: 7, now: 5, createdAfter: -1 }

const questions: readonly Question<Factors>[] = [
  ['factors_by_user', (factors) => factors.listByUser('user7')],
  [`${key('users')}|factors_unconfirmed`, (factors) => factors.begin(aFactor(user))],
  [
    `${key('factors')}|${key('users')}|factors_by_user|recovery_codes_by_user`,
    (factors) => factors.confirm({ ...confirmation, id: 'factor10', userId: 'user10' }),
  ],
  [key('factors'), (factors) => factors.useStep({ id: 'factor7', step: 9, now: 5 })],
  [
    `${key('recovery_codes')}|recovery_codes_by_user`,
    (factors) => factors.useRecoveryCode('user7', 'digest7'),
  ],
  ['recovery_codes_by_user', (factors) => factors.countRecoveryCodes('user8')],
  [
    `${key('factors')}|factors_by_user|recovery_codes_by_user`,
    (factors) => factors.remove('user11', 'factor11'),
  ],
  ['factors_by_credential', (factors) => factors.findPasskey('credential9')],
  [
    `${key('users')}|factors_by_user`,
    (factors) =>
      factors.addPasskey({ securityStamp: 'stamp', factor: aFactor(user, { confirmedAt: 1 }) }),
  ],
  [
    key('factors'),
    (factors) =>
      factors.usePasskey({ id: 'factor9', counterBefore: 0, counter: 1, backedUp: true, now: 5 }),
  ],
  [
    'factors_(by_user|unconfirmed)|recovery_codes_by_user',
    (factors) => factors.removeAll('user12'),
  ],
  ['factors_unconfirmed', (factors) => factors.prune(1, 10)],
]

await plansReadIndexes<Factors>({
  subject: 'second factors',
  ...{ rows, questions },
  tables: ['users', 'factors', 'recovery_codes'],
  stores: createFactorStore,
})
