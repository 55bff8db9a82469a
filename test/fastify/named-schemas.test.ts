import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { documentGuards, schemeName, securityScheme } from '../../src/fastify/index.ts'
import { nameSchemas } from '../../src/fastify/named-schemas.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { secured } from '../../src/fastify/secured.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { createTestAuth } from '../fixtures.ts'

const user = { title: 'User', type: 'object', properties: { title: { type: 'string' } } }
const toUser = { $ref: '#/components/schemas/User' }

describe('a schema with a title', () => {
  test('is kept in the components, once, and referred to wherever it is', () => {
    const schemas = {}
    const document = { openapiObject: { components: { schemas } } }
    const list = { type: 'array', items: user }
    const named = nameSchemas({ body: user, response: { 200: list, 201: { ...user } } }, document)
    assert.deepEqual(named, {
      body: toUser,
      response: { 200: { type: 'array', items: toUser }, 201: toUser },
    })
    assert.deepEqual(schemas, { User: user })
  })

  test('refers itself to those within it', () => {
    const schemas = {}
    const page = { title: 'Page', type: 'object', properties: { first: user } }
    nameSchemas(page, { openapiObject: { components: { schemas } } })
    assert.deepEqual(schemas, { User: user, Page: { ...page, properties: { first: toUser } } })
  })

  test('gets a number where another schema has its title', () => {
    const theirs = { type: 'string' }
    const schemas: Record<string, object> = { User: theirs }
    const document = { openapiObject: { components: { schemas } } }
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(nameSchemas(user, document), { $ref: '#/components/schemas/User2' })
    }
    assert.deepEqual(schemas, { User: theirs, User2: user })
  })

  test('stays where it is in a document that has no components', () => {
    for (const document of [{}, { openapiObject: {} }, { swaggerObject: { definitions: {} } }]) {
      assert.equal(nameSchemas(user, document), user)
    }
  })
})

describe('in the document of an application', () => {
  interface Document {
    readonly paths: Record<string, Record<string, { responses: Record<string, Response> }>>
    readonly components: { readonly schemas: Record<string, { title?: string; type?: string }> }
  }
  interface Response {
    readonly content: Record<string, { schema: { $ref?: string; type?: string } }>
  }

  const ours = [
    'TokenForm',
    'TokenResponse',
    'TokenErrorResponse',
    'RevocationForm',
    'RevocationResponse',
    'IntrospectionForm',
    'IntrospectionResponse',
    'Problem',
  ]

  async function documentOf(app: FastifyInstance): Promise<Document> {
    await app.ready()
    return JSON.parse(JSON.stringify(app.swagger()))
  }

  test('our schemas have names, and those that it added keep theirs', async () => {
    const auth = await createTestAuth()
    const app = Fastify()
    await app.register(portcullis, { auth })
    app.addSchema({ $id: 'Note', type: 'object', properties: { text: { type: 'string' } } })
    app.addSchema({ $id: 'https://example.com/tag', type: 'string' })
    const note = { type: 'object', title: 'Inline', properties: { note: { $ref: 'Note#' } } }
    app.get(
      '/note',
      { schema: { response: { 200: note } } },
      secured(createGuards(auth).activeUser, () => ({})),
    )
    const { paths, components } = await documentOf(app)
    const { Note, 'def-1': tag, ...others } = components.schemas
    assert.deepEqual(Object.keys(others), ours)
    assert.equal(Note?.type, 'object')
    assert.equal(tag?.title, 'https://example.com/tag')
    // What the application has written inline stays so.
    const { schema } = paths['/note']?.get?.responses[200]?.content['application/json'] ?? {}
    assert.deepEqual(schema, {
      type: 'object',
      title: 'Inline',
      properties: { note: { $ref: '#/components/schemas/Note' } },
    })
  })

  test('a name of its own is left to it', async () => {
    const auth = await createTestAuth()
    const app = Fastify()
    await app.register(portcullis, { auth })
    app.addSchema({ $id: 'Problem', type: 'string' })
    app.get(
      '/me',
      secured(createGuards(auth).activeUser, () => ''),
    )
    const { paths, components } = await documentOf(app)
    assert.equal(components.schemas.Problem?.type, 'string')
    assert.equal(components.schemas.Problem2?.type, 'object')
    const { content } = paths['/me']?.get?.responses[401] ?? {}
    assert.deepEqual(content?.['application/problem+json'], {
      schema: { $ref: '#/components/schemas/Problem2' },
    })
  })

  test('that makes its document itself, they have names too', async () => {
    const auth = await createTestAuth()
    for (const openapi of ['3.0.3', '3.1.0']) {
      const app = Fastify()
      await app.register(swagger, {
        openapi: {
          openapi,
          components: { securitySchemes: { [schemeName]: securityScheme(auth, '/auth/token') } },
        } as object,
        transform: documentGuards,
      })
      await app.register(portcullis, { auth, docs: false, prefix: '/api' })
      app.get(
        '/me',
        secured(createGuards(auth).activeUser, () => ''),
      )
      const { paths, components } = await documentOf(app)
      assert.deepEqual(Object.keys(components.schemas), ours)
      const { content } = paths['/api/auth/token']?.post?.responses[200] ?? {}
      assert.deepEqual(content, {
        'application/json': { schema: { $ref: '#/components/schemas/TokenResponse' } },
      })
    }
  })

  test('of Swagger 2.0, they are whole where they are needed', async () => {
    const auth = await createTestAuth()
    const app = Fastify()
    await app.register(swagger, { swagger: {} })
    await app.register(portcullis, { auth, docs: false })
    await app.ready()
    const document = JSON.stringify(app.swagger())
    assert.doesNotMatch(document, /#\/components/)
    assert.match(document, /"access_token"/)
  })
})
