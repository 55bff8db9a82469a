// What people do with accounts by the client, at a running server.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { AuthClientError } from '../../src/client/client-error.ts'
import { createClient } from '../../src/client/create-client.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'
import { goodPassword } from '../fixtures.ts'

const schema = z.object({
  locale: z.enum(['en', 'de']).default('en'),
  organisation: z.string().optional(),
})

let auth: TestAuth
let app: FastifyInstance
let url: string

before(async () => {
  auth = (await createTestAuth({
    accounts: { registration: 'open', deletion: true },
    userFields: { schema, writableBy: { user: ['locale'] } },
  })) as never
  app = await buildApp({ auth, docs: false, prune: false })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
})
after(async () => {
  await app.close()
  await auth.close()
})

async function newestToken(): Promise<string> {
  await auth.sendMails()
  return auth.mailbox.mails[0]?.link?.split('#token=')[1] ?? ''
}

const fieldsOf = async (name: string) => (await auth.users.findByUsername(name))?.fields

test('own fields are sent with a registration and an invitation', async () => {
  const client = createClient({ url })
  const password = goodPassword
  await client.register({ email: 'ann@example.com' })
  const token = await newestToken()
  const organisation = { organisation: 'acme' }
  await assert.rejects(
    client.completeRegistration({ token, username: 'ann', password, fields: organisation }),
    ({ code, reason, problems }: AuthClientError) => {
      const why = 'You cannot change the field organisation.'
      assert.deepEqual([code, reason, problems], ['refused', 'fields_invalid', [why]])
      return true
    },
  )
  const fields = { locale: 'de' }
  await client.completeRegistration({ token, username: 'ann', password, fields })
  assert.deepEqual(await fieldsOf('ann'), { locale: 'de' })

  await auth.accounts.invitations?.create({
    email: 'bob@example.com',
    fields: organisation as never,
  })
  const invitation = { token: await newestToken(), username: 'bob', password, fields }
  await client.acceptInvitation(invitation)
  assert.deepEqual(await fieldsOf('bob'), { locale: 'de', organisation: 'acme' })
})

test('a user changes and removes the address, and deletes the account', async () => {
  const client = createClient({ url })
  await auth.users.create({ username: 'carl', password: goodPassword })
  await client.login('carl', goodPassword)
  await client.changeEmail('carl@example.com')
  await client.resendEmailCode()
  await auth.sendMails()
  const newest = auth.mailbox.mails.find(({ code }) => code !== null)
  await client.confirmEmail(newest?.code ?? '')
  assert.equal((await auth.users.findByUsername('carl'))?.email, 'carl@example.com')
  await client.removeEmail()
  assert.equal((await auth.users.findByUsername('carl'))?.email, null)
  assert.equal(await client.deleteAccount(), auth.clock() + 14 * 86_400)
})

test('a new password does not follow a redirect to somewhere else', async (t) => {
  const redirecting = Fastify()
  t.after(() => redirecting.close())
  redirecting.post('/auth/register/complete', (_request, reply) =>
    reply.redirect(`${url}/auth/register/complete`, 307),
  )
  const client = createClient({ url: await redirecting.listen({ host: '127.0.0.1', port: 0 }) })
  const account = { token: 'none', username: 'dora', password: goodPassword }
  await assert.rejects(client.completeRegistration(account), { code: 'unavailable' })
})
