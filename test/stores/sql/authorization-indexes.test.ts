// That what is asked of codes, consents, and what browsers opened reads an index, however many rows there are.

import {
  aBrowserSession,
  aChildOf,
  aCode,
  aConsent,
  aUser,
} from '../../../src/stores/contract/records.ts'
import { createAuthorizationCodeStore } from '../../../src/stores/sql/authorization-codes.ts'
import { createClientStore } from '../../../src/stores/sql/clients.ts'
import { createConsentStore } from '../../../src/stores/sql/consents.ts'
import { createLogoutNoticeStore } from '../../../src/stores/sql/logout-notices.ts'
import { createSessionStore } from '../../../src/stores/sql/sessions.ts'
import { manyRows, manyUsers, plansReadIndexes, type Question } from './plans.ts'

/** Of five sessions one is of a browser, one was opened through it, and one is of a client. */
const rows = [
  manyUsers,
  manyRows(
    'sessions',
    `id, user_id, client_id, scope, generation, created_at, security_stamp, label, address, expires_at,
      rotated_at, kind, parent_id`,
    `'session' || n, 'user' || n,
      case n % 5 when 0 then 'portcullis:browser' when 1 then 'client' || (n % 50) else 'first-party' end,
      '', 0, 0, 'stamp', '', '', 5000000, n, case n % 5 when 0 then 'browser' else 'login' end,
      case n % 5 when 1 then 'session' || (n - 1) end`,
  ),
  manyRows(
    'authorization_codes',
    `digest, client_id, user_id, session_id, security_stamp, scope, redirect_uri, auth_time, acr,
      amr, created_at, expires_at`,
    `'digest' || n, 'client' || (n % 50), 'user' || n, 'session' || n, 'stamp', '', '', 0, '', '', 0, n`,
  ),
  manyRows(
    'consents',
    'user_id, client_id, scope, created_at, updated_at',
    `'user' || n, 'client' || (n % 50), '', 0, 0`,
  ),
  manyRows(
    'clients',
    'id, name, grants, introspect, created_at',
    `'client' || n, 'name', '', 0, 0`,
  ),
  manyRows(
    'logout_notices',
    'session_id, client_id, user_id, created_at, due_at, attempts',
    `'session' || n, 'client', 'user', n, n, 0`,
  ),
]

interface Stores {
  readonly sessions: ReturnType<typeof createSessionStore>
  readonly codes: ReturnType<typeof createAuthorizationCodeStore>
  readonly consents: ReturnType<typeof createConsentStore>
  readonly clients: ReturnType<typeof createClientStore>
  readonly notices: ReturnType<typeof createLogoutNoticeStore>
}

const user = aUser({ id: 'user5', securityStamp: 'stamp' })
const browser = aBrowserSession(user, { id: 'session5' })
const at = { createdAt: 1, expiresAt: 4_000_000 }

/** What has an index without a name of ours, of a primary key. */
const keys = (...tables: readonly string[]): string =>
  tables.map((table) => `sqlite_autoindex_${table}_1|${table}_pkey`).join('|')
const byKey = (table: string, key: string): string => `${keys(table)}|${key}`

const questions: readonly Question<Stores>[] = [
  [keys('sessions', 'users'), ({ sessions }) => sessions.create(aChildOf(browser, at))],
  [
    `${keys('sessions')}|sessions_by_parent`,
    ({ sessions }) => sessions.revoke('session10', 1, { withChildren: true }),
  ],
  ['sessions_by_parent', ({ sessions }) => sessions.listChildren('session5', 'client6', 1)],
  ['sessions_by_client', ({ sessions }) => sessions.revokeByClient('client11', 1, 10)],
  [keys('sessions'), ({ sessions }) => sessions.touch('session15', 1, -1)],
  ['sessions_by_user', ({ sessions }) => sessions.trim('user7', 100)],
  ['sessions_by_user|sessions_by_parent', ({ sessions }) => sessions.trim('user20', 0)],
  [byKey('sessions', 'sessions_by_user'), ({ codes }) => codes.create(aCode(browser, at))],
  [keys('authorization_codes'), ({ codes }) => codes.find('digest7')],
  [
    `${byKey('consents', 'consents_key')}|${keys('sessions', 'users')}`,
    ({ codes }) => codes.findLogin('session10', 'client10'),
  ],
  [
    `${byKey('consents', 'consents_key')}|sessions_by_(user|parent)|${keys('authorization_codes', 'sessions', 'users')}`,
    ({ codes }) => codes.findToExchange('digest10'),
  ],
  [
    keys('authorization_codes', 'sessions', 'users'),
    ({ codes }) =>
      codes.exchange({
        ...{ digest: 'digest25', now: 1 },
        session: aChildOf(
          aBrowserSession(aUser({ ...user, id: 'user25' }), { id: 'session25' }),
          at,
        ),
      }),
  ],
  ['authorization_codes_by_expires_at', ({ codes }) => codes.prune(100, 10)],
  [byKey('consents', 'consents_key'), ({ consents }) => consents.find('user7', 'client7')],
  [byKey('consents', 'consents_key'), ({ consents }) => consents.listByUser('user7')],
  [keys('users'), ({ consents }) => consents.replace(null, aConsent(user))],
  [
    `authorization_codes_by_(grant|client)|sessions_by_(user|client)|${byKey('consents', 'consents_(key|by_client)')}`,
    ({ consents }) => consents.withdraw('user11', 'client11', 1),
  ],
  [
    `${keys('clients')}|authorization_codes_by_client|consents_by_client`,
    ({ clients }) => clients.remove('client16'),
  ],
  [
    'logout_notices_by_due_at',
    ({ notices }) => notices.claim({ now: 300, until: 400, limit: 5, without: ['other'] }),
  ],
]

await plansReadIndexes<Stores>({
  subject: 'codes, consents and browser sessions',
  ...{ rows, questions },
  tables: ['users', 'sessions', 'authorization_codes', 'consents', 'clients', 'logout_notices'],
  stores: (engine) => ({
    sessions: createSessionStore(engine),
    codes: createAuthorizationCodeStore(engine),
    consents: createConsentStore(engine),
    clients: createClientStore(engine),
    notices: createLogoutNoticeStore(engine),
  }),
})
