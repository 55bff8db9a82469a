import type { OwnFields } from '../../core/users/own-fields.ts'
import { type ObjectMember, object } from './json-members.ts'

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

/**
 * The member `fields` of a body with which somebody becomes a user: of the own fields those that users may
 * write. None if users have no own fields. Core judges what is in it.
 */
export function fieldsMember({ isOn, jsonSchema, writableByUser }: OwnFields): {
  readonly fields: ObjectMember
} {
  const known = Object.entries(Object(jsonSchema.properties) as Record<string, object>)
  const chosen = {
    ...{ title: 'ChosenFields', type: 'object' },
    description: 'Of the application’s own fields those that users may write',
    properties: Object.fromEntries(known.filter(([name]) => writableByUser.includes(name))),
    // Of a schema that does not say its members nothing is known but that it is one.
    additionalProperties: known.length === 0 && writableByUser.length > 0,
  }
  // Where it is not known it is refused, and so its value is absent.
  return (isOn ? { fields: object(chosen) } : {}) as { readonly fields: ObjectMember }
}
