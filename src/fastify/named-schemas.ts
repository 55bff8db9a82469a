import { isDeepStrictEqual } from 'node:util'

/** What `@fastify/swagger` gives a `transform` beside the route, where it makes OpenAPI. */
export interface DocumentInProgress {
  /** The document, to which schemas may be added. */
  readonly openapiObject?: unknown
}

/** Schemas by their names: `components.schemas` of the document. */
export type NamedSchemas = Record<string, object>

/**
 * Moves every schema with a title into the components of the document, and refers to it by that title: a
 * generated client has one type for it then. A title that another schema has taken gets a number.
 *
 * Without a document, as for Swagger 2.0, the schemas stay where they are.
 *
 * @param instead What the document shows of a title in place of the route's schema. Default none.
 */
export function nameSchemas<Documented>(
  documented: Documented,
  { openapiObject }: DocumentInProgress,
  instead: Readonly<NamedSchemas> = {},
): Documented {
  const { schemas } = Object(Object(openapiObject).components) as { schemas?: NamedSchemas }
  if (schemas === undefined) return documented

  function refer(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(refer)
    if (typeof node !== 'object' || node === null) return node
    const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, refer(value)]))
    // The title of a schema is text; a property of this name is a schema.
    const { title } = copy
    if (typeof title !== 'string') return copy
    const name = keep(schemas as NamedSchemas, title, instead[title] ?? copy)
    return { $ref: `#/components/schemas/${name}` }
  }

  // Copied part by part, it has the shape that it had, but for the references.
  return refer(documented) as Documented
}

/** Keeps a schema, and returns the name that it has. */
function keep(schemas: NamedSchemas, title: string, schema: object): string {
  let name = title
  for (let number = 2; name in schemas; number++) {
    if (isDeepStrictEqual(schemas[name], schema)) return name
    name = `${title}${number}`
  }
  schemas[name] = schema
  return name
}
