import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type MailKind, mailLifetime } from '../../src/core/mail/kinds.ts'
import { root } from './sources.ts'

/** Those that somebody asks for, or that answer a request. */
const asked: readonly MailKind[] = [
  ...(['registration', 'already_registered', 'invitation'] as const),
  ...(['password_reset', 'password_elsewhere', 'email_code', 'email_wanted'] as const),
]

test('the page on mail lists every notice, and nothing else as one', () => {
  const page = readFileSync(join(root, 'docs/mail.md'), 'utf8')
  const [, table = ''] = page.split('| notice | when |')
  const rows = table.split('\n\n', 1)[0]?.split('\n') ?? []
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, kind]) => kind),
  )
  const notices = Object.keys(mailLifetime).filter((kind) => !asked.includes(kind as MailKind))
  assert.deepEqual(named.toSorted(), notices.toSorted())
})
