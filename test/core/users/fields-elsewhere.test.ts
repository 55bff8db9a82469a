// Own fields of users who come in another way: by an import, an invitation, a registration, another issuer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { ConfigError, UserError } from '../../../src/core/errors.ts'
import type { UserFields } from '../../../src/core/users/user-fields.ts'
import type { RefusedEntry } from '../../../src/core/users/user-import.ts'
import { keycloak } from '../../../src/issuers/keycloak.ts'
import { createTestAuth } from '../../../src/testing/test-auth.ts'
import { goodPassword } from '../../fixtures.ts'

const schema = z.object({
  locale: z.enum(['en', 'de']).default('en'),
  organisation: z.string().optional(),
})
const userFields = { schema, writableBy: { user: ['locale'] } } as const
const invalid = (error: unknown): boolean =>
  error instanceof UserError && error.code === 'fields_invalid'

test('an import gives fields and defaults, and refuses a line whose fields do not fit', async () => {
  const auth = await createTestAuth({ userFields })
  const refused: RefusedEntry[] = []
  const entries = (fields: object) => [
    { line: 1, user: { username: 'ann', fields: { ...fields, organisation: 'acme' } } },
    { line: 2, user: { username: 'bob' } },
    { line: 3, user: { username: 'eve', fields: { locale: 'secret' } } },
  ]
  const options = { onRefused: (entry: RefusedEntry) => refused.push(entry) }
  const { created } = await auth.users.importUsers(entries({ locale: 'de' }), options)
  assert.equal(created, 2)
  assert.deepEqual(refused, [
    { line: 3, username: 'eve', problem: 'The field locale is not valid.' },
  ])
  const fieldsOf = async (name: string) => (await auth.users.findByUsername(name))?.fields
  assert.deepEqual(await fieldsOf('ann'), { locale: 'de', organisation: 'acme' })
  assert.deepEqual(await fieldsOf('bob'), { locale: 'en' })

  const again = await auth.users.importUsers(entries({}), { ...options, update: true })
  assert.deepEqual([again.updated, again.skipped], [0, 2])
  const other = await auth.users.importUsers(entries({ locale: 'en' }), { update: true })
  assert.equal(other.updated, 1)
  assert.deepEqual(await fieldsOf('ann'), { locale: 'en', organisation: 'acme' })
  await auth.close()
})

test('an invitation gives fields, and who accepts chooses those that users may write', async () => {
  const auth = await createTestAuth({ userFields, accounts: { registration: 'invited' } })
  const { invitations } = auth.accounts
  assert.ok(invitations)
  const invite = async (fields: UserFields) => {
    const { link, ...invitation } = await invitations.create({ fields, returnLink: true })
    return { token: String(link).split('#token=')[1] ?? '', fields: invitation.fields }
  }
  await assert.rejects(invite({ organisation: 7 }), invalid)
  const { token, fields } = await invite({ organisation: 'acme', locale: 'de' })
  assert.deepEqual(fields, { organisation: 'acme', locale: 'de' })
  const account = { token, username: 'ann', password: goodPassword, address: '192.0.2.1' }
  for (const wrong of [{ organisation: 'globex' }, { locale: 'fr' as never }]) {
    await assert.rejects(invitations.accept({ ...account, fields: wrong }), invalid)
  }
  const ann = await invitations.accept({ ...account, fields: { locale: 'en' } })
  assert.deepEqual(ann.fields, { organisation: 'acme', locale: 'en' })
  await auth.close()
})

test('somebody who registers chooses what users may write', async () => {
  const accounts = { registration: 'open', from: 'site@example.com' } as const
  const auth = await createTestAuth({ userFields, accounts })
  const { registration } = auth.accounts
  assert.ok(registration)
  await registration.request({ email: 'ann@example.com', address: '192.0.2.1' })
  await auth.sendMails()
  const [mail] = auth.mailbox.mails
  const token = String(mail?.link).split('#token=')[1] ?? ''
  const account = { token, username: 'ann', password: goodPassword, address: '192.0.2.1' }
  const wrong = { organisation: 'acme' }
  await assert.rejects(registration.complete({ ...account, fields: wrong }), invalid)
  const ann = await registration.complete({ ...account, fields: { locale: 'de' } })
  assert.deepEqual(ann.fields, { locale: 'de' })
  await auth.close()
})

test('a schema without defaults is refused at start where other issuers bring users', async () => {
  const needed = z.object({ organisation: z.string() })
  const issuers = (users: 'create' | 'token' | 'link') => [
    keycloak({
      ...{ issuer: 'https://id.example.com/realms/main', audience: 'api', users },
      ...(users === 'link' && { link: async () => null }),
    } as never),
  ]
  for (const users of ['create', 'token'] as const) {
    await assert.rejects(
      createTestAuth({ userFields: needed, issuers: issuers(users) }),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, /userFields needs defaults.*organisation is missing/)
        return true
      },
    )
    await (await createTestAuth({ userFields, issuers: issuers(users) })).close()
  }
  await (await createTestAuth({ userFields: needed, issuers: issuers('link') })).close()
})
