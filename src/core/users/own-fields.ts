import { ConfigError, UserError } from '../errors.ts'
import { isPlain, readJson } from './plain-json.ts'
import type { SchemaIssue, StandardSchema } from './standard-schema.ts'
import type { UserFields, UserFieldsOptions } from './user-fields.ts'

/** The application's own facts about users: what they must be, and who writes them. */
export interface OwnFields {
  /** False without the option `userFields`. */
  readonly isOn: boolean
  /** The members that users may write of themselves. */
  readonly writableByUser: readonly string[]
  /** The schema as JSON Schema; that of any object if the schema does not say it. */
  readonly jsonSchema: Readonly<Record<string, unknown>>
  /**
   * The fields as the schema has them, with its defaults. Without a schema: any JSON object.
   *
   * @throws {UserError} `fields_invalid`, with one sentence for each reason. None repeats a value.
   */
  judge(fields: unknown): Promise<UserFields>
  /**
   * The same for a part that is completed later: judges only the members that are there.
   *
   * @throws {UserError} as above.
   */
  judgePart(fields: unknown): Promise<UserFields>
  /** @throws {UserError} `fields_invalid` if there is a member that users may not write. */
  requireWritableByUser(fields: unknown): UserFields
}

/** Bytes of JSON. */
const maxSize = 16 * 1024
/** Reasons that are told of one object. */
const maxProblems = 20

const anyObject = { type: 'object' }

/**
 * Reads the option `userFields`.
 *
 * @throws {ConfigError} if it is no schema, or `writableBy` is not understood.
 */
export function createOwnFields(option: unknown): OwnFields {
  if (option === undefined) return ownFieldsOf(null, [])
  if (isSchema(option)) return ownFieldsOf(option, [])
  const { schema, user } = readOption(option)
  return ownFieldsOf(schema, user)
}

function ownFieldsOf(schema: StandardSchema | null, writable: readonly string[]): OwnFields {
  const writableByUser = Object.freeze([...writable])
  return {
    isOn: schema !== null,
    writableByUser,
    jsonSchema: (schema && jsonSchemaOf(schema)) ?? anyObject,
    async judge(fields) {
      const given = readFields(fields)
      if (schema === null) return given
      const { value, issues } = await validate(schema, given)
      if (issues) throw refusal(issues, given)
      return await settled(schema, readFields(value))
    },
    async judgePart(fields) {
      const given = readFields(fields)
      const { issues = [] } = schema === null ? {} : await validate(schema, given)
      const about = issues.filter(({ path }) => {
        const [name] = path ?? []
        return name === undefined || Object.hasOwn(given, keyOf(name))
      })
      if (about.length > 0) throw refusal(about, given)
      return given
    },
    requireWritableByUser(fields) {
      const given = readFields(fields)
      const others = Object.keys(given).filter((name) => !writableByUser.includes(name))
      if (others.length === 0) return given
      throw invalid(others.map((name) => `You cannot change the field ${shown([name])}.`))
    },
  }
}

async function validate(schema: StandardSchema, value: unknown) {
  const result = await schema['~standard'].validate(value)
  return result.issues ? { issues: result.issues } : { value: result.value }
}

/**
 * The output of the schema, once it is known that the schema takes it again: a later change is judged
 * together with what is stored.
 *
 * @throws {TypeError} if the schema makes something else of it.
 */
async function settled(schema: StandardSchema, output: UserFields): Promise<UserFields> {
  const { value, issues } = await validate(schema, output)
  if (!issues && JSON.stringify(value) === JSON.stringify(output)) return output
  throw new TypeError(
    'The schema of userFields does not accept what it returned: use no transformation whose result is another type.',
  )
}

/** A JSON object of bearable size, without members that are undefined. */
function readFields(value: unknown): UserFields {
  if (!isPlain(value)) throw invalid(['The fields must be an object.'])
  const { json, problem } = readJson(value)
  if (problem !== undefined) {
    const { path, says } = problem
    throw invalid([path.length === 0 ? `The fields ${says}.` : `The field ${shown(path)} ${says}.`])
  }
  if (Buffer.byteLength(json) > maxSize) {
    throw invalid([`The fields must be at most ${maxSize} bytes of JSON.`])
  }
  return JSON.parse(json) as UserFields
}

/** Why the schema refuses: where, and not what. Its own messages may repeat the value. */
function refusal(issues: readonly SchemaIssue[], given: UserFields): UserError {
  const sentences = issues.map(({ path = [] }) => {
    const keys = path.map(keyOf)
    if (keys.length === 0) return 'The fields are not valid.'
    return `The field ${shown(keys)} is ${isThere(given, keys) ? 'not valid' : 'missing'}.`
  })
  return invalid([...new Set(sentences)].slice(0, maxProblems), issues)
}

function isThere(value: unknown, keys: readonly PropertyKey[]): boolean {
  const [first, ...rest] = keys
  if (first === undefined) return value !== undefined
  const object = Object(value)
  return Object.hasOwn(object, first) && isThere(object[first], rest)
}

function keyOf(step: PropertyKey | { readonly key: PropertyKey }): PropertyKey {
  return typeof step === 'object' ? step.key : step
}

/** A path as a sentence shows it: of names that may come from a client, no more than fits. */
function shown(path: readonly PropertyKey[]): string {
  const text = path.map(String).join('.')
  return text.replace(/[^\p{L}\p{N}_.$ -]/gu, '?').slice(0, 80)
}

function invalid(problems: readonly string[], cause?: unknown): UserError {
  return new UserError('fields_invalid', problems, { cause })
}

function isSchema(value: unknown): value is StandardSchema {
  const { '~standard': standard } = Object(value) as Partial<StandardSchema>
  return standard?.version === 1 && typeof standard.validate === 'function'
}

function readOption(option: unknown): { schema: StandardSchema; user: readonly string[] } {
  const { schema, writableBy, ...others } = Object(option) as UserFieldsOptions
  if (!isSchema(schema)) {
    throw new ConfigError([
      'The option userFields must be a Standard Schema, such as z.object({ … }) of Zod, or { schema, writableBy }.',
    ])
  }
  const { user = [], ...unknown } = Object(writableBy) as { readonly user?: unknown }
  const names = [
    ...Object.keys(others),
    ...Object.keys(unknown).map((name) => `writableBy.${name}`),
  ]
  if (names.length > 0) {
    throw new ConfigError([
      `The option userFields has schema and writableBy.user, not: ${names.join(', ')}.`,
    ])
  }
  if (!Array.isArray(user) || !user.every((name) => typeof name === 'string')) {
    throw new ConfigError(['The option userFields.writableBy.user must be a list of names.'])
  }
  const known = Object(Object(jsonSchemaOf(schema)).properties) as object
  const unknownNames = user.filter((name) => !Object.hasOwn(known, name))
  if (Object.keys(known).length > 0 && unknownNames.length > 0) {
    throw new ConfigError([
      `The option userFields.writableBy.user names what the schema does not have: ${unknownNames.join(', ')}.`,
    ])
  }
  return { schema, user }
}

/** Standard JSON Schema 1; null if the schema does not say it, or cannot. */
function jsonSchemaOf(schema: StandardSchema): Readonly<Record<string, unknown>> | null {
  try {
    const written = schema['~standard'].jsonSchema?.output({ target: 'draft-2020-12' })
    if (written?.type !== 'object') return null
    // The document says which version of JSON Schema its schemas are of.
    const { $schema: _, ...rest } = written
    return rest
  } catch {
    return null
  }
}
