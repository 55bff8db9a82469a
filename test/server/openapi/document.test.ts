// What strict readers of the OpenAPI document demand: of the ready server's, and of an application's.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import Fastify, { type FastifyInstance } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Auth } from '../../../src/core/auth.ts'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { secured } from '../../../src/fastify/secured.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { buildApp } from '../../../src/server/app.ts'
import { plainText } from '../../../src/server/routes/schemas.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth } from '../../fixtures.ts'
import { type OpenapiDocument, readDocument, routesOf, schemasOf } from './document.ts'

/** An application of zod's schemas, with the plugin below a prefix. */
async function buildZodApp(auth: Auth): Promise<FastifyInstance> {
  const app = Fastify().withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  await app.register(portcullis, {
    auth,
    prefix: '/api',
    docs: { transform: jsonSchemaTransform },
  })
  const note = z.object({ text: z.string() })
  app.post(
    '/notes',
    { schema: { operationId: 'addNote', body: note, response: { 201: note } } },
    secured(createGuards(auth).requireRole('admin'), (_user, { body }) => body),
  )
  return app as unknown as FastifyInstance
}

async function read(make: (auth: Auth) => Promise<FastifyInstance>, prefix?: string) {
  const app = await make(await createTestAuth({ roles: { admin: ['*'], clerk: [], member: [] } }))
  const document = await readDocument(app, prefix)
  await app.close()
  return document
}

const documents: Readonly<Record<string, OpenapiDocument>> = {
  'the ready server': await read((auth) => buildApp({ auth })),
  'an application with zod': await read(buildZodApp, '/api'),
}

/** Objects that require nothing, and why. */
const allOptional: Readonly<Record<string, string>> = {
  TokenForm: 'which fields are needed depends on the grant',
  MeChange: 'one of its members is needed',
}

// Python's `re`, Go's RE2 and JavaScript without flags read the rest alike.
const foreign = /\\[pPdDwWsSbBkuzZAQ1-9]|\(\?|[*+?}]\+/

const python = `
import json, re, sys
for pattern, texts in json.load(sys.stdin):
    print(json.dumps([bool(re.search(pattern, text)) for text in texts]))
`

async function askPython(input: unknown): Promise<string | null> {
  return await new Promise((resolve, reject) => {
    const child = execFile('python3', ['-c', python], (error, stdout) => {
      if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') resolve(null)
      else if (error) reject(error)
      else resolve(stdout)
    })
    // Where there is no Python there is nobody to read it.
    child.stdin?.on('error', () => {})
    child.stdin?.end(JSON.stringify(input))
  })
}

for (const [name, document] of Object.entries(documents)) {
  const schemas = schemasOf(document)
  const routes = routesOf(document)
  const patterns = [...new Set([...schemas.values()].flatMap(({ pattern }) => pattern ?? []))]

  describe(`the document of ${name}`, () => {
    test('is valid OpenAPI 3.1, to a validator that is not ours', async () => {
      const validator = new Validator()
      const { valid, errors } = await validator.validate({ ...structuredClone(document) })
      assert.deepEqual(errors, undefined)
      assert.equal(valid, true)
      assert.equal(validator.version, '3.1')
    })

    test('has no pattern that another language cannot read, or reads otherwise', () => {
      for (const pattern of patterns) {
        assert.doesNotMatch(pattern, foreign)
        assert.ok(new RegExp(pattern))
        assert.ok(new RegExp(pattern, 'u'))
        assert.ok(new RegExp(pattern, 'v'))
      }
    })

    test('has patterns that Python reads as we do', async (t) => {
      const texts = ['', 'ann', 'a\u0000', 'a\u001fb', 'a b', 'a\u007f', '\u009f', 'ä', '', '😀 x']
      texts.push('1.01a22508-9959-73f8-84f3-bba835baf82b', '१.01a22508-9959-73f8-84f3-bba835baf82b')
      const said = await askPython(patterns.map((pattern) => [pattern, texts]))
      if (said === null) return t.skip('python3 is not on the PATH')
      const ours = patterns.map((pattern) =>
        texts.map((text) => new RegExp(pattern, 'u').test(text)),
      )
      const theirs = said.split('\n').filter(Boolean)
      assert.deepEqual(
        theirs.map((line) => JSON.parse(line)),
        ours,
      )
    })

    test('says of every object what is always there', () => {
      const objects = [...schemas].filter(([, { type }]) => type === 'object')
      assert.ok(objects.length >= 8)
      for (const [at, { properties, required, additionalProperties }] of objects) {
        if (at in allOptional) continue
        if (properties === undefined) assert.notEqual(additionalProperties, undefined, at)
        else assert.ok(required !== undefined && required.length > 0, at)
        for (const each of required ?? []) assert.ok(each in (properties ?? {}), `${at}.${each}`)
      }
    })

    test('requires no parameter that has a default', () => {
      for (const { operationId, parameters = [] } of routes) {
        for (const { name, required, schema } of parameters) {
          if (schema.default === undefined) continue
          assert.equal(required, false, `${operationId} ${name}`)
        }
      }
    })

    test('has no schema inline that is ours, and refers to none that is not there', () => {
      const { schemas: named } = document.components
      for (const [at, { properties, $ref = '' }] of schemas) {
        if (properties !== undefined && !at.startsWith('addNote ')) assert.ok(at in named, at)
        if ($ref !== '') assert.ok($ref.replace('#/components/schemas/', '') in named, at)
      }
      for (const title of Object.keys(named)) assert.match(title, /^[A-Z][A-Za-z]+$/)
    })

    test('says of every operation who may call it', () => {
      for (const { operationId, security } of routes) assert.ok(security, operationId)
    })

    test('documents what is too large or no media type wherever there is a body', () => {
      for (const { operationId, requestBody, responses } of routes) {
        if (requestBody === undefined || operationId === 'addNote') continue
        assert.ok('413' in responses && '415' in responses, operationId)
      }
    })

    test('says when to come back wherever it says later', () => {
      for (const { operationId, responses } of routes) {
        for (const status of ['429', '503']) {
          const { headers = {} } = responses[status] ?? { headers: { 'Retry-After': {} } }
          assert.ok('Retry-After' in headers, `${operationId} ${status}`)
        }
      }
    })
  })
}

test('a pattern with a property of Unicode would be found', () => {
  for (const pattern of ['^\\P{Cc}*$', '\\d', '(?<=a)b', '(?i)a', '(a)\\1', 'a++']) {
    assert.match(pattern, foreign)
  }
})

test('text of a request is without control characters, as Unicode counts them', () => {
  const ours = new RegExp(plainText, 'u')
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code)
    if (ours.test(character) !== /^\P{Cc}*$/u.test(character)) assert.fail(`U+${code.toString(16)}`)
  }
})

describe('a role', () => {
  const roleOf = ({ components }: OpenapiDocument) => components.schemas.Role?.enum

  test('is one of those that are configured, wherever it is taken or given', () => {
    const document = documents['the ready server'] as OpenapiDocument
    assert.deepEqual(roleOf(document), ['admin', 'clerk', 'member'])
    const { schemas } = document.components
    for (const title of ['User', 'Me', 'NewUser', 'RoleChange']) {
      assert.deepEqual(schemas[title]?.properties?.role, { $ref: '#/components/schemas/Role' })
    }
  })

  test('that is not configured any more is listed while a user has it', async () => {
    const store = memory()
    const before = await createTestAuth({ store, roles: { admin: ['*'], porter: [] } })
    await before.users.create({ username: 'ann', password: null, role: 'porter' })
    const app = await buildApp({ auth: await createTestAuth({ store, roles: { admin: ['*'] } }) })
    assert.deepEqual(roleOf(await readDocument(app)), ['admin', 'porter'])
    await app.close()
  })

  test('is documented while the database fails, and the server starts', async () => {
    const store = memory()
    const counts = () => Promise.reject(new Error('no such table'))
    const auth = await createTestAuth({ store: { ...store, users: { ...store.users, counts } } })
    const app = await buildApp({ auth })
    assert.deepEqual(roleOf(await readDocument(app)), ['admin', 'member'])
    await app.close()
  })
})
