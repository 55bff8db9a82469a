// That what is asked of addresses, one-time tokens and mails reads an index, however many rows there are.

import { aMail } from '../../../src/stores/contract/records.ts'
import { createOneTimeTokenStore } from '../../../src/stores/sql/one-time-tokens.ts'
import { createOutboxStore } from '../../../src/stores/sql/outbox.ts'
import { createUserStore } from '../../../src/stores/sql/users.ts'
import { manyRows, plansReadIndexes, type Question } from './plans.ts'

/** Few users have an address, few mails wait. */
const rows = [
  manyRows(
    'users',
    'id, username, role, active, created_at, security_stamp, email_key, email_verified_at, delete_at',
    `'id' || n, 'user' || n, 'member', 1, 0, 'stamp', 'user' || n || '@example.com',
      case when n % 3 = 0 then 1 end, case when n % 100 = 0 then n end`,
  ),
  manyRows(
    'one_time_tokens',
    'digest, kind, subject, address_digest, payload, tries, created_at, expires_at',
    `'digest' || n, case when n % 2 = 0 then 'invitation' else 'registration' end, 'subject' || n,
      'address' || n, 'payload', 0, 0, n`,
  ),
  manyRows(
    'mail_outbox',
    'id, kind, recipient, coalesce_key, payload, created_at, due_at, expires_at, state, attempts',
    `'mail' || n, 'new_login', '', 'key' || n, '', n, n, n + 10,
      case when n % 100 = 0 then 'waiting' when n % 1000 = 1 then 'failed' else 'sent' end, 0`,
  ),
]

type Tokens = ReturnType<typeof createOneTimeTokenStore>
type Outbox = ReturnType<typeof createOutboxStore>
type Users = ReturnType<typeof createUserStore>

/** What is asked, and the index that answers it. */
const questions: readonly Question<{ tokens: Tokens; outbox: Outbox; users: Users }>[] = [
  ['users_by_email', ({ users }) => users.findByEmail('user3@example.com')],
  ['users_by_delete_at', ({ users }) => users.dueForDeletion(300, 2)],
  ['one_time_tokens_by_address', ({ tokens }) => tokens.findByAddress('invitation', 'address2', 0)],
  ['one_time_tokens_by_subject', ({ tokens }) => tokens.findBySubject('invitation', 'subject2', 0)],
  ['one_time_tokens_by_subject', ({ tokens }) => tokens.countTry('invitation', 'subject2', 5, 0)],
  [
    'one_time_tokens_by_subject',
    ({ tokens }) => tokens.list({ kind: 'invitation', after: 'subject5', limit: 10 }),
  ],
  ['one_time_tokens_by_expires_at', ({ tokens }) => tokens.prune(100, 10)],
  ['mail_outbox_waiting', ({ outbox }) => outbox.claim(205, 300, 5)],
  ['mail_outbox_waiting', ({ outbox }) => outbox.expire(220, 5)],
  ['mail_outbox_by_created_at', ({ outbox }) => outbox.prune(100, 10)],
  ['mail_outbox_by_coalesce_key', ({ outbox }) => outbox.add(aMail({ coalesceKey: 'key7' }), 0)],
  ['mail_outbox_(waiting|failed)', ({ outbox }) => outbox.counts()],
]

await plansReadIndexes({
  subject: 'addresses, tokens and mails',
  ...{ rows, questions },
  tables: ['users', 'one_time_tokens', 'mail_outbox'],
  stores: (engine) => ({
    tokens: createOneTimeTokenStore(engine),
    outbox: createOutboxStore(engine),
    users: createUserStore(engine),
  }),
})
