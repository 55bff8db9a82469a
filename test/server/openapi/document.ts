// The OpenAPI document as tests read it: its schemas, its operations, and whether an answer fits.

import { Ajv2020 } from 'ajv/dist/2020.js'
import type { FastifyInstance } from 'fastify'

export interface Schema {
  readonly $ref?: string
  readonly title?: string
  readonly type?: string
  readonly pattern?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>

export interface Response {
  readonly description: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Content
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: Schema
}

export interface Operation {
  readonly operationId: string
  readonly security?: readonly object[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, Response>>
}

export interface OpenapiDocument {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** An operation, and where it is. */
export interface Route extends Operation {
  readonly path: string
  readonly method: string
}

export async function readDocument(app: FastifyInstance, prefix = ''): Promise<OpenapiDocument> {
  return (await app.inject(`${prefix}/openapi.json`)).json()
}

export function routesOf({ paths }: OpenapiDocument): readonly Route[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, ...operation })),
  )
}

/** Every schema of a document, wherever it is, and where that is. */
export function schemasOf(document: OpenapiDocument): ReadonlyMap<string, Schema> {
  const found = new Map<string, Schema>()
  function visit(schema: Schema | boolean | undefined, at: string): void {
    if (typeof schema !== 'object') return
    found.set(at, schema)
    for (const [name, each] of Object.entries(schema.properties ?? {})) visit(each, `${at}.${name}`)
    visit(schema.items, `${at}[]`)
    visit(schema.additionalProperties, `${at}.*`)
    for (const [index, each] of (schema.anyOf ?? []).entries()) visit(each, `${at}|${index}`)
  }
  for (const [name, schema] of Object.entries(document.components.schemas)) visit(schema, name)
  for (const { operationId, parameters = [], requestBody, responses } of routesOf(document)) {
    for (const { name, schema } of parameters) visit(schema, `${operationId} ?${name}`)
    for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
      visit(schema, `${operationId} ${type}`)
    }
    for (const [status, { content = {} }] of Object.entries(responses)) {
      for (const { schema } of Object.values(content)) visit(schema, `${operationId} ${status}`)
    }
  }
  return found
}

/** What is wrong with a value by a schema of the document; nothing it does not name may be there. */
export type Judge = (schema: Schema, value: unknown) => readonly string[]

export function createJudge({ components }: OpenapiDocument): Judge {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  const closed = close(components)
  return (schema, value) => {
    const validate = ajv.compile({ ...(close(schema) as object), components: closed })
    if (validate(value)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    )
  }
}

/** The same, but that an object has no properties beyond those that are named. */
function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close)
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, close(value)]))
  const isOpen = copy.type === 'object' && copy.additionalProperties === undefined
  return isOpen ? { ...copy, additionalProperties: false } : copy
}
