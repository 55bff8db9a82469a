import type { FastifyInstance, RouteOptions } from 'fastify'
import type { OwnFields } from '../../core/users/own-fields.ts'

/** The application's own fields in an answer. The document shows the schema of the option `userFields`. */
export const UserFieldsAnswer = {
  title: 'UserFields',
  type: 'object',
  additionalProperties: true,
} as const

/** Members of them in a body: core judges what they are. */
export const UserFieldsChange = {
  title: 'UserFieldsChange',
  type: 'object',
  additionalProperties: true,
} as const

const titles: readonly unknown[] = [UserFieldsAnswer.title, UserFieldsChange.title]

/** Takes own fields out of the bodies and answers of every route to come, if users have none. */
export function shapeFields(app: FastifyInstance, { isOn }: OwnFields): void {
  if (isOn) return
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.schema) route.schema = withoutFields(route.schema)
  })
}

/** What the document shows of them: the JSON Schema of the library that the schema is of. */
export function documentFields({ jsonSchema }: OwnFields): Readonly<Record<string, object>> {
  const { required: _, ...anyOfThem } = jsonSchema
  return {
    [UserFieldsAnswer.title]: {
      ...{ ...jsonSchema, title: UserFieldsAnswer.title },
      description: 'The application’s own fields',
    },
    [UserFieldsChange.title]: {
      ...{ ...anyOfThem, title: UserFieldsChange.title },
      description: 'What is left out stays as it is',
    },
  }
}

/** The same schema without properties that are own fields. A part that has none is the same object. */
function withoutFields<Part>(part: Part): Part {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  const members = Object.entries(part)
  const kept = members
    .filter(([, value]) => !titles.includes(Object(value).title))
    .map(([name, value]) => [name, withoutFields(value)] as const)
  const isSame =
    kept.length === members.length && kept.every(([, value], at) => value === members[at]?.[1])
  // Copied member by member, it has the shape that it had.
  return isSame ? part : (Object.fromEntries(kept) as Part)
}
