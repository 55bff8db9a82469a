// Reads the JSON object of an endpoint: its members are known, and nothing else may be in it.

import { Refusal } from '../refusal.ts'

/** Longest body, in bytes. */
export const jsonMaxBytes: number = 16 * 1024

/** A member of the object, as the JSON Schema of its documentation. */
export interface JsonMember {
  readonly type: 'string' | 'integer' | 'boolean'
  readonly description?: string
  readonly format?: string
  /** May be left out. Default false. */
  readonly optional?: true
}

/** Every member that the object may have. */
export type JsonMembers = Readonly<Record<string, JsonMember>>

interface JsonTypes {
  readonly string: string
  readonly integer: number
  readonly boolean: boolean
}

/** The values of the members. */
export type JsonFields<Members extends JsonMembers> = {
  readonly [Name in keyof Members]:
    | JsonTypes[Members[Name]['type']]
    | (Members[Name] extends { readonly optional: true } ? undefined : never)
}

const isOfType: Readonly<Record<JsonMember['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
}

const mediaType = /^application\/json *(?:;.*)?$/i
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Returns the members of a JSON object. Does not bound the body.
 *
 * @throws {Refusal} 415 for another media type; 400 for what is no JSON object, a member that is missing or
 * has another type, or one that is not known.
 */
export function readJson<const Members extends JsonMembers>(
  contentType: string | undefined,
  body: Uint8Array,
  members: Members,
): JsonFields<Members> {
  if (contentType === undefined || !mediaType.test(contentType)) {
    throw new Refusal(415, 'Send the body as JSON: Content-Type: application/json')
  }
  const object = parseObject(body)
  for (const [name, { type, optional }] of Object.entries(members)) {
    const isMissing = !Object.hasOwn(object, name)
    if (isMissing && !optional) throw new Refusal(400, `The member ${name} is missing`)
    if (!isMissing && !isOfType[type](object[name])) {
      throw new Refusal(
        400,
        `The member ${name} must be ${type === 'integer' ? 'an' : 'a'} ${type}`,
      )
    }
  }
  // Its name may be a password in the wrong place, so that it is not said.
  if (Object.keys(object).some((name) => !Object.hasOwn(members, name))) {
    const known = Object.keys(members).join(', ')
    throw new Refusal(400, `The body has a member that is not known. It may have: ${known}`)
  }
  // Each was looked at.
  return object as JsonFields<Members>
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch {
    // The cause would quote the body.
    throw new Refusal(400, 'The body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'The body must be a JSON object')
  }
  return value as Record<string, unknown>
}
