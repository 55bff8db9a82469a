// The application's own fields over HTTP: who reads and who writes them, and what the document says.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import * as v from 'valibot'
import { z } from 'zod'
import { buildApp } from '../../../src/server/app.ts'
import {
  createTestAuth,
  type TestAuth,
  type TestAuthOptions,
} from '../../../src/testing/test-auth.ts'

const schema = z.object({
  locale: z.enum(['en', 'de']).default('en'),
  organisation: z.string().max(20).optional(),
})

interface Served {
  readonly auth: TestAuth
  readonly app: FastifyInstance
}

async function serve(options: TestAuthOptions = {}): Promise<Served> {
  const auth = await createTestAuth(options)
  return { auth, app: await buildApp({ auth }) }
}

let served: Served
let none: Served
before(async () => {
  served = await serve({ userFields: { schema, writableBy: { user: ['locale'] } } })
  none = await serve()
})
after(async () => {
  await served.app.close()
  await none.app.close()
})

/** The answer to a request of a user of a role. */
async function send(
  { auth, app }: Served,
  [as, role]: readonly [string, string],
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  payload?: object,
) {
  const headers = await auth.actAs(as, { role })
  const answer = await app.inject({ method, url, headers, ...(payload && { payload }) })
  return { status: answer.statusCode, body: answer.json() }
}

const ann = ['ann', 'member'] as const
const admin = ['root', 'admin'] as const

test('users read their fields, and write those that they may', async () => {
  assert.deepEqual((await send(served, ann, 'GET', '/me')).body.fields, { locale: 'en' })
  const changed = await send(served, ann, 'PATCH', '/me', { fields: { locale: 'de' } })
  assert.deepEqual([changed.status, changed.body.fields], [200, { locale: 'de' }])

  for (const [fields, error] of [
    [{ organisation: 'acme' }, 'You cannot change the field organisation.'],
    [{ locale: 'de', organisation: 'acme' }, 'You cannot change the field organisation.'],
    [{ locale: 'fr' }, 'The field locale is not valid.'],
  ] as const) {
    const { status, body } = await send(served, ann, 'PATCH', '/me', { fields })
    assert.deepEqual([status, body.code, body.errors], [422, 'fields_invalid', [error]])
  }
  for (const payload of [{}, { fields: [] }, { fields: {}, username: 'anna' }, { fields: null }]) {
    assert.equal((await send(served, ann, 'PATCH', '/me', payload)).status, 400)
  }
  assert.deepEqual((await send(served, ann, 'GET', '/me')).body.fields, { locale: 'de' })
})

test('administrators read and write all of them', async () => {
  const created = await send(served, admin, 'POST', '/admin/users', {
    ...{ username: 'bob', password: 'vivid harbor ladle ox', fields: { organisation: 'acme' } },
  })
  assert.deepEqual(
    [created.status, created.body.fields],
    [201, { locale: 'en', organisation: 'acme' }],
  )
  const url = `/admin/users/${created.body.id}`
  const changed = await send(served, admin, 'PATCH', url, { fields: { locale: 'de' } })
  assert.deepEqual(
    [changed.status, changed.body.fields],
    [200, { locale: 'de', organisation: 'acme' }],
  )
  assert.deepEqual((await send(served, admin, 'GET', url)).body.fields, changed.body.fields)
  const { body } = await send(served, admin, 'GET', '/admin/users?search=bob')
  assert.deepEqual(body.users[0].fields, changed.body.fields)
  assert.equal((await send(served, admin, 'PATCH', url, { fields: { locale: 1 } })).status, 422)
  assert.equal((await send(served, ann, 'PATCH', url, { fields: {} })).status, 403)
  const nobody = `/admin/users/${crypto.randomUUID()}`
  assert.equal((await send(served, admin, 'PATCH', nobody, { fields: {} })).status, 404)
})

test('the document has the schema of the fields, and names who may write them', async () => {
  const { components, paths } = (await served.app.inject('/openapi.json')).json()
  const { UserFields, UserFieldsChange, User, MeChange } = components.schemas
  assert.deepEqual(UserFields.properties.locale.enum, ['en', 'de'])
  assert.deepEqual(UserFields.required, ['locale'])
  assert.deepEqual(UserFieldsChange.required, undefined)
  assert.equal(User.properties.fields.$ref, '#/components/schemas/UserFields')
  assert.equal(MeChange.properties.fields.$ref, '#/components/schemas/UserFieldsChange')
  assert.ok(paths['/admin/users/{id}'].patch)

  const other = await serve({ userFields: v.object({ locale: v.optional(v.string(), 'en') }) })
  const document = (await other.app.inject('/openapi.json')).json()
  assert.equal(document.components.schemas.UserFields.type, 'object')
  assert.deepEqual((await send(other, ann, 'GET', '/me')).body.fields, { locale: 'en' })
  await other.app.close()
})

test('without the option there are no fields, in no answer, body or document', async () => {
  assert.equal('fields' in (await send(none, ann, 'GET', '/me')).body, false)
  assert.equal((await send(none, ann, 'PATCH', '/me', { fields: {} })).status, 400)
  const payload = { username: 'bob', password: 'vivid harbor ladle ox', fields: {} }
  assert.equal((await send(none, admin, 'POST', '/admin/users', payload)).status, 400)
  const { id } = await none.auth.users.create({ username: 'carol', password: null })
  const patched = await send(none, admin, 'PATCH', `/admin/users/${id}`, { fields: {} })
  assert.equal(patched.status, 405)
  assert.doesNotMatch((await none.app.inject('/openapi.json')).body, /"fields"|UserFields/)
})
