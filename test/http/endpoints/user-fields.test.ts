// The application's own fields where somebody becomes a user, and in what a user takes along.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import * as v from 'valibot'
import { z } from 'zod'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { createTestAuth, type TestAuthOptions } from '../../../src/testing/test-auth.ts'
import { goodPassword } from '../../fixtures.ts'
import { createJudge, readDocument } from '../../server/openapi/document.ts'

const schema = z.object({
  locale: z.enum(['en', 'de']).default('en'),
  nick: z.string().max(20).optional(),
  organisation: z.string().max(20).optional(),
})
const userFields = { schema, writableBy: { user: ['locale', 'nick'] } } as const

async function open(t: TestContext, options: TestAuthOptions = {}) {
  const auth = await createTestAuth({
    accounts: { registration: 'open', deletion: true },
    ...options,
  })
  const app = Fastify()
  await app.register(portcullis, { auth })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  const post = async (url: string, payload: object) => {
    const answer = await app.inject({ method: 'POST', url, payload })
    return { status: answer.statusCode, body: answer.json() }
  }
  const newestToken = async (): Promise<string> => {
    await auth.sendMails()
    return auth.mailbox.mails[0]?.link?.split('#token=')[1] ?? ''
  }
  /** The endpoint, and a token for it. */
  const doors = {
    async registration() {
      await post('/auth/register', { email: 'new@example.com' })
      return ['/auth/register/complete', await newestToken()] as const
    },
    async invitation() {
      const fields = (options.userFields ? { organisation: 'acme' } : {}) as never
      await auth.accounts.invitations?.create({ email: 'new@example.com', fields })
      return ['/auth/invitation/accept', await newestToken()] as const
    },
  }
  return { auth, app, post, doors }
}

for (const door of ['registration', 'invitation'] as const) {
  test(`own fields are chosen with the link of the ${door}: those that users may write`, async (t) => {
    const { auth, post, doors } = await open(t, { userFields: userFields as never })
    const [url, token] = await doors[door]()
    const choose = (fields: unknown) =>
      post(url, { token, username: 'newcomer', password: goodPassword, fields })
    for (const [fields, error] of [
      [{ organisation: 'other' }, 'You cannot change the field organisation.'],
      [{ locale: 'de', role: 'admin' }, 'You cannot change the field role.'],
      [{ locale: 's3cret' }, 'The field locale is not valid.'],
      [{ nick: 'x'.repeat(21) }, 'The field nick is not valid.'],
    ] as const) {
      const { status, body } = await choose(fields)
      assert.deepEqual([status, body.code, body.errors], [422, 'fields_invalid', [error]])
      assert.ok(!JSON.stringify(body).includes('s3cret'))
    }
    for (const fields of ['text', [], null, 1]) {
      const { status, body } = await choose(fields)
      assert.deepEqual([status, body.detail], [400, 'The member fields must be an object.'])
    }
    // None of that has used the link up.
    assert.equal((await choose({ locale: 'de', nick: 'newbie' })).status, 201)
    const organisation = door === 'invitation' ? { organisation: 'acme' } : {}
    assert.deepEqual((await auth.users.findByUsername('newcomer'))?.fields, {
      ...{ locale: 'de', nick: 'newbie' },
      ...organisation,
    })
  })

  test(`without a choice the fields of the ${door} have their defaults`, async (t) => {
    const { auth, post, doors } = await open(t, { userFields: userFields as never })
    const [url, token] = await doors[door]()
    assert.equal((await post(url, { token, username: 'bob', password: goodPassword })).status, 201)
    assert.equal((await auth.users.findByUsername('bob'))?.fields.locale, 'en')
  })

  test(`without own fields the body of the ${door} has none`, async (t) => {
    const { post, doors } = await open(t)
    const [url, token] = await doors[door]()
    const { status, body } = await post(url, { token, password: goodPassword, fields: {} })
    assert.deepEqual([status, body.detail], [400, 'The member fields is not known here.'])
  })
}

test('the document has the fields that may be chosen, and no others', async (t) => {
  const { app } = await open(t, { userFields: userFields as never })
  const { schemas } = (await readDocument(app)).components
  const chosen = schemas.ChosenFields
  assert.deepEqual(Object.keys(chosen?.properties ?? {}), ['locale', 'nick'])
  assert.equal((chosen as { additionalProperties?: unknown }).additionalProperties, false)
  for (const body of ['RegistrationCompletion', 'InvitationAcceptance']) {
    const { properties, required } = schemas[body] as { properties: object; required: string[] }
    assert.deepEqual(Object(properties).fields, { $ref: '#/components/schemas/ChosenFields' })
    assert.deepEqual(required, ['token', 'password'])
  }

  const vague = v.object({ locale: v.optional(v.string(), 'en') })
  const others = { schema: vague, writableBy: { user: ['locale'] } } as never
  const other = await open(t, { userFields: others })
  const any = (await readDocument(other.app)).components.schemas.ChosenFields
  assert.equal((any as { additionalProperties?: unknown }).additionalProperties, true)

  const none = await open(t)
  assert.equal('ChosenFields' in (await readDocument(none.app)).components.schemas, false)
})

test('an export has the own fields of the user, and the document says so', async (t) => {
  const { auth, app } = await open(t, { userFields: userFields as never })
  const headers = await auth.actAs('ann')
  const ann = await auth.users.findByUsername('ann')
  await auth.users.updateFields(ann?.id ?? '', { organisation: 'acme' } as never)
  const answer = await app.inject({ url: '/me/export', headers })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json().user.fields, { locale: 'en', organisation: 'acme' })
  const document = await readDocument(app)
  const judge = createJudge(document)
  const { Export, AccountWithFields } = document.components.schemas
  assert.deepEqual(judge(Export as never, answer.json()), [])
  assert.deepEqual(AccountWithFields?.required?.at(-1), 'fields')

  const none = await open(t)
  const empty = await none.app.inject({ url: '/me/export', headers: await none.auth.actAs('ann') })
  assert.equal('fields' in empty.json().user, false)
  assert.equal('AccountWithFields' in (await readDocument(none.app)).components.schemas, false)
})
