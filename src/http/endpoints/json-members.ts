import { Refusal } from '../refusal.ts'

/** A member of a JSON body: a text, unless it is an object or a whole number. */
export interface Member {
  readonly required: boolean
  readonly isObject?: boolean
  readonly isInteger?: boolean
  /** What it is, in the OpenAPI document. */
  readonly schema: object
}

/** An object, which may be left out unless it is required. */
export interface ObjectMember extends Member {
  readonly isObject: true
}

/** A whole number that may be left out. */
export interface IntegerMember extends Member {
  readonly isInteger: true
}

/** The members that a body may have, by their names on the wire. */
export type Members = Readonly<Record<string, Member>>

/** What was read of a body: the value of each member, undefined for one that is absent. */
export type ValuesOf<M extends Members> = {
  readonly [Name in keyof M]: M[Name] extends ObjectMember
    ?
        | Readonly<Record<string, unknown>>
        | (M[Name] extends { readonly required: true } ? never : undefined)
    : M[Name] extends IntegerMember
      ? number | undefined
      : M[Name] extends { readonly required: true }
        ? string
        : string | undefined
}

/** A text that must be there. */
export function required(schema: object = {}): Member & { readonly required: true } {
  return { required: true, schema: { type: 'string', ...schema } }
}

/** A text that may be left out. */
export function optional(schema: object = {}): Member & { readonly required: false } {
  return { required: false, schema: { type: 'string', ...schema } }
}

/** An object that may be left out. What it holds is judged by who takes it. */
export function object(schema: object): ObjectMember {
  return { required: false, isObject: true, schema }
}

/** An object that must be there. */
export function requiredObject(schema: object): ObjectMember & { readonly required: true } {
  return { required: true, isObject: true, schema }
}

/** A whole number that may be left out, 0 or more. */
export function integer(schema: object): IntegerMember {
  return { required: false, isInteger: true, schema: { type: 'integer', minimum: 0, ...schema } }
}

/** A password, which documentation hides while it is typed. */
export const password: object = { format: 'password' }

/** The schema of a body with these members and no others. */
export function bodySchema(title: string, members: Members): object {
  const entries = Object.entries(members)
  return {
    title,
    type: 'object',
    required: entries.filter(([, each]) => each.required).map(([name]) => name),
    properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
    additionalProperties: false,
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the members of a JSON body (RFC 8259). Says which one is wrong, and never what it holds: it may be
 * a password.
 *
 * @throws {Refusal} 400
 */
export function readMembers<M extends Members>(body: Uint8Array, members: M): ValuesOf<M> {
  const given = parseObject(body)
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(members, name)) throw refuse(`${shown(name)} is not known here`)
  }
  const values = Object.entries(members).map(([name, each]) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined && each.required) throw refuse(`${shown(name)} is missing`)
    if (value !== undefined && !isOf(each, value)) {
      throw refuse(`${shown(name)} must be ${kindOf(each)}`)
    }
    return [name, value]
  })
  // Each member is what it has to be, or absent where it may be.
  return Object.fromEntries(values) as ValuesOf<M>
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch {
    // The parser's own words would repeat a part of the body.
    throw refuse('The body is not well-formed JSON in UTF-8')
  }
  if (isObject(value)) return { ...value }
  throw refuse('The body must be a JSON object')
}

function isOf({ isObject: wantsObject, isInteger }: Member, value: unknown): boolean {
  if (wantsObject) return isObject(value)
  return isInteger ? Number.isSafeInteger(value) && Number(value) >= 0 : typeof value === 'string'
}

function kindOf({ isObject: wantsObject, isInteger }: Member): string {
  if (wantsObject) return 'an object'
  return isInteger ? 'a whole number' : 'a text'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A name that somebody chose is repeated only if it looks like one. */
function shown(name: string): string {
  return /^[a-z_]{1,40}$/i.test(name) ? `The member ${name}` : 'A member of the body'
}

function refuse(why: string): Refusal {
  return new Refusal(400, `${why}.`)
}
