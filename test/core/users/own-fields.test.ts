// The application's own fields: what is refused and how, who writes them, and that no change is lost.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import * as v from 'valibot'
import { z } from 'zod'
import type { Auth } from '../../../src/core/auth.ts'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { ConfigError, UserError } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/store.ts'
import { createOwnFields } from '../../../src/core/users/own-fields.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../../../src/testing/test-auth.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'

const schema = z.object({
  locale: z.enum(['en', 'de']).default('en'),
  organisation: z.string().max(20).optional(),
  tags: z.array(z.string()).optional(),
})
const fields = createOwnFields({ schema, writableBy: { user: ['locale'] } })

async function problemsOf(work: () => unknown): Promise<readonly string[]> {
  try {
    await work()
  } catch (error) {
    assert.ok(error instanceof UserError, String(error))
    assert.equal(error.code, 'fields_invalid')
    return error.problems
  }
  assert.fail('nothing was refused')
}

test('fields are what the schema returns, with its defaults', async () => {
  assert.deepEqual(await fields.judge({}), { locale: 'en' })
  assert.deepEqual(await fields.judge({ locale: 'de', other: 1 }), { locale: 'de' })
  const loose = createOwnFields(z.looseObject({ locale: z.string() }))
  assert.deepEqual(await loose.judge({ locale: 'de', other: 1 }), { locale: 'de', other: 1 })
})

test('a refusal names where, once each, and never the value', async () => {
  const secret = 'hunter2-hunter2-hunter2'
  const given = { locale: secret, organisation: secret, tags: ['a', 7] }
  assert.deepEqual(await problemsOf(() => fields.judge(given)), [
    'The field locale is not valid.',
    'The field organisation is not valid.',
    'The field tags.1 is not valid.',
  ])
  // Valibot's own message has the value in it.
  const valibots = createOwnFields(v.object({ name: v.string(), plan: v.picklist(['a']) }))
  assert.deepEqual(await problemsOf(() => valibots.judge({ plan: secret })), [
    'The field name is missing.',
    'The field plan is not valid.',
  ])
  const strict = createOwnFields(z.strictObject({}))
  assert.deepEqual(await problemsOf(() => strict.judge({ [secret]: 1 })), [
    'The fields are not valid.',
  ])
})

test('a schema may answer later', async () => {
  const later = createOwnFields(
    z.object({ name: z.string().refine(async (name) => name !== 'taken') }),
  )
  assert.deepEqual(await later.judge({ name: 'free' }), { name: 'free' })
  assert.equal((await problemsOf(() => later.judge({ name: 'taken' }))).length, 1)
})

test('fields are JSON of 16 KiB at most, whatever the schema lets pass', async () => {
  const any = createOwnFields(z.looseObject({}))
  let deep: unknown = 1
  for (let level = 0; level < 40; level++) deep = [deep]
  for (const value of [new Date(0), () => 1, Number.NaN, 1n, new Map(), Symbol('a'), deep]) {
    const [problem] = await problemsOf(() => any.judge({ value }))
    assert.match(String(problem), /^The field value\S* must /)
  }
  for (const value of [null, [], 'text', 7, new Date(0)]) {
    assert.deepEqual(await problemsOf(() => any.judge(value)), ['The fields must be an object.'])
  }
  assert.deepEqual(await any.judge({ value: 'x'.repeat(16 * 1024 - 12) }).then(Object.keys), [
    'value',
  ])
  const [tooLarge] = await problemsOf(() => any.judge({ value: 'x'.repeat(16 * 1024 - 11) }))
  assert.equal(tooLarge, 'The fields must be at most 16384 bytes of JSON.')
  assert.deepEqual(await any.judge({ gone: undefined, kept: null }), { kept: null })
  const output = createOwnFields(z.object({ since: z.coerce.date() }))
  assert.match(String(await problemsOf(() => output.judge({ since: 'today' }))), /since/)
})

test('a schema that does not take its own output is a mistake of the program', async () => {
  const lengths = createOwnFields(z.object({ name: z.string().transform((name) => name.length) }))
  await assert.rejects(lengths.judge({ name: 'ann' }), TypeError)
  const growing = createOwnFields(z.object({ name: z.string().transform((name) => `${name}!`) }))
  await assert.rejects(growing.judge({ name: 'ann' }), TypeError)
})

test('users write only the members that the option names', async () => {
  assert.deepEqual(fields.requireWritableByUser({ locale: 'de' }), { locale: 'de' })
  assert.deepEqual(await problemsOf(() => fields.requireWritableByUser({ organisation: 'acme' })), [
    'You cannot change the field organisation.',
  ])
  const alone = createOwnFields(schema)
  assert.equal((await problemsOf(() => alone.requireWritableByUser({ locale: 'de' }))).length, 1)
})

test('an option that cannot be used is refused at start', () => {
  for (const option of [
    null,
    z.object,
    { schema: {} },
    { schema, writeableBy: {} },
    { schema, writableBy: { users: [] } },
    { schema, writableBy: { user: 'locale' } },
    { schema, writableBy: { user: ['local'] } },
  ]) {
    assert.throws(() => createOwnFields(option), ConfigError)
  }
})

test('the JSON Schema is the library’s own, or that of any object', () => {
  const { type, properties, $schema } = fields.jsonSchema
  assert.deepEqual(
    [type, Object.keys(Object(properties)), $schema],
    ['object', ['locale', 'organisation', 'tags'], undefined],
  )
  assert.deepEqual(createOwnFields(v.object({})).jsonSchema, { type: 'object' })
})

test('TypeBox is wrapped in a few lines, as the page on own fields says', async () => {
  const Fields = Type.Object({ locale: Type.Union([Type.Literal('en'), Type.Literal('de')]) })
  const typebox = createOwnFields({
    '~standard': {
      version: 1 as const,
      vendor: 'typebox',
      validate: (value: unknown) =>
        Check(Fields, value) ? { value } : { issues: [{ message: 'not valid' }] },
      jsonSchema: { output: () => ({ ...Fields }) },
    },
  })
  assert.deepEqual(await typebox.judge({ locale: 'de' }), { locale: 'de' })
  assert.equal((await problemsOf(() => typebox.judge({ locale: 'fr' }))).length, 1)
  assert.ok('locale' in Object(typebox.jsonSchema.properties))
})

const directory = mkdtempSync(join(tmpdir(), 'portcullis-fields-'))
after(() => rmSync(directory, { recursive: true, force: true }))

suite('in memory', () => memory())
suite('on SQLite', () => sqlite(join(directory, 'app.db')))
describe('on PostgreSQL', async () => {
  const { server, skip } = await startPostgresOrSkip()
  after(() => server?.remove())
  suite('one server', async () => postgres((await server?.createDatabase('fields')) ?? ''), skip)
})

test('fields that an operator has written in SQL can be changed', async () => {
  const file = join(directory, 'operator.db')
  const auth = await createTestAuth({ store: sqlite(file), userFields: schema })
  const { id } = await auth.users.create({ username: 'ann', password: null })
  const database = new DatabaseSync(file)
  database.prepare('update users set fields = ?').run('{ "locale" : "de" }')
  database.close()
  const { fields: changed } = await auth.users.updateFields(id, { organisation: 'acme' })
  assert.deepEqual(changed, { locale: 'de', organisation: 'acme' })
  await auth.close()
})

function suite(name: string, open: () => Store | Promise<Store>, skip: string | false = false) {
  describe(name, { skip }, () => {
    const userFields = { schema, writableBy: { user: ['locale'] } } as const
    let auth: Auth<z.output<typeof schema>>
    before(async () => {
      const keyEncryptionKey = Buffer.alloc(32, 7)
      auth = await createTestAuth({ store: await open(), userFields, keyEncryptionKey })
    })
    after(() => auth.close())
    const create = (username: string, given = {}) =>
      auth.users.create({ username, password: null, fields: given })

    test('a guard gives what was written, at once', async () => {
      const ann = await create('ann', { locale: 'de' })
      assert.deepEqual(ann.fields, { locale: 'de' })
      const { activeUser } = createGuards(auth)
      const headers = { authorization: `Bearer ${await createAccessToken(auth, ann.id)}` }
      const seen = async () =>
        (await activeUser(new Request('http://api.test/', { headers }))).fields
      assert.deepEqual(await seen(), { locale: 'de' })
      await auth.users.updateFields(ann.id, { organisation: 'acme' })
      assert.deepEqual(await seen(), { locale: 'de', organisation: 'acme' })
      await auth.users.setFields(ann.id, {})
      assert.deepEqual(await seen(), { locale: 'en' })
      assert.deepEqual((await auth.users.find(ann.id))?.fields, { locale: 'en' })
    })

    test('a refused change changes nothing, and is no event', async () => {
      const bob = await create('bob', { organisation: 'acme' })
      const wrong = { organisation: 'x'.repeat(21), locale: 'de' } as const
      await problemsOf(() => auth.users.updateFields(bob.id, wrong))
      await problemsOf(() => auth.users.setFields(bob.id, wrong))
      await problemsOf(() => create('carol', wrong))
      assert.deepEqual((await auth.users.find(bob.id))?.fields, bob.fields)
      assert.equal(await auth.users.findByUsername('carol'), null)
      await auth.users.updateFields(bob.id, {})
      assert.deepEqual(await changesOf(bob.id), [])
      await assert.rejects(auth.users.updateFields(crypto.randomUUID(), {}), {
        code: 'user_unknown',
      })
    })

    test('an event names the members that changed, and no value', async () => {
      const dora = await create('dora', { organisation: 'acme' })
      await auth.users.setFields(dora.id, { locale: 'de' }, { actor: 'cli' })
      assert.deepEqual(await changesOf(dora.id), [{ changed: 'locale organisation' }])
    })

    test('of changes that come at once, none is lost', async () => {
      const eve = await create('eve')
      await Promise.all([
        auth.users.updateFields(eve.id, { locale: 'de' }),
        auth.users.updateFields(eve.id, { organisation: 'acme' }),
        auth.users.updateFields(eve.id, { tags: ['a'] }),
      ])
      const expected = { locale: 'de', organisation: 'acme', tags: ['a'] }
      assert.deepEqual((await auth.users.find(eve.id))?.fields, expected)
    })

    async function changesOf(userId: string) {
      const listed = await auth.events.list({ userId, limit: 50 })
      return listed
        .filter(({ type }) => type === 'user_fields_changed')
        .map(({ details }) => details)
    }
  })
}
