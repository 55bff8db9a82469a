import type { ImportedUser } from '../../core/users/imported-record.ts'
import { parseJson } from './records.ts'

/** What a file says of one user. */
export type EntryFields = Readonly<Record<string, unknown>>
/** Makes a user of what an older system exports. Throws a `BadEntry`. */
export type Mapping = (fields: EntryFields) => ImportedUser

/** Why an entry is no user, in one sentence. */
export class BadEntry extends Error {}

/** The first of these fields that is there, as text; a number counts. */
export function textOf(fields: EntryFields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name]
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

/** The first of these fields that is there, as true or false. */
export function flagOf(fields: EntryFields, ...names: readonly string[]): boolean | undefined {
  for (const name of names) {
    const value = fields[name]
    if (value === undefined || value === null || value === '') continue
    // Text is what CSV has: of JSON, PostgreSQL, Python and SQLite.
    const text = String(value).toLowerCase()
    if (['true', 't', '1', 'yes'].includes(text)) return true
    if (['false', 'f', '0', 'no'].includes(text)) return false
    throw new BadEntry(`The field ${name} must be true or false.`)
  }
  return undefined
}

/** The first of these fields that is there, as seconds since 1970: of seconds, or of ISO 8601, in UTC if no zone is named. */
export function instantOf(fields: EntryFields, ...names: readonly string[]): number | undefined {
  const text = textOf(fields, ...names)
  if (text === undefined) return undefined
  if (/^\d{1,11}(\.\d+)?$/.test(text)) return Math.floor(Number(text))
  // PostgreSQL writes a blank for the T, and may leave out the minutes of a zone.
  const [, day, time = '', zone = 'Z'] =
    text.match(
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d(?::?\d\d)?)?$/,
    ) ?? []
  const full = zone.replace(/^([+-]\d\d)$/, '$1:00').replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')
  const milliseconds = Date.parse(`${day}T${time || '00:00'}${full}`)
  if (Number.isNaN(milliseconds)) {
    throw new BadEntry(
      `The field ${names.find((name) => fields[name] !== undefined)} is no instant.`,
    )
  }
  return Math.floor(milliseconds / 1000)
}

/** Milliseconds since 1970, as seconds. */
export function instantOfMilliseconds(fields: EntryFields, name: string): number | undefined {
  const text = textOf(fields, name)
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw new BadEntry(`The field ${name} is no instant.`)
  return Math.floor(Number(text) / 1000)
}

/** The username. */
export function usernameOf(fields: EntryFields, ...names: readonly string[]): string {
  const username = textOf(fields, ...names)
  if (username === undefined) throw new BadEntry(`There is no ${names.join(' and no ')}.`)
  return username
}

/** The address, and whether the first of these flags that is there says that it is verified. */
export function emailOf(
  fields: EntryFields,
  ...flags: readonly string[]
): Pick<ImportedUser, 'email' | 'emailVerified'> {
  return { email: textOf(fields, 'email'), emailVerified: flagOf(fields, ...flags) }
}

/** The object in a field: as it is, or as JSON in a text, which is what CSV has. */
export function objectOf(fields: EntryFields, name: string): EntryFields | undefined {
  const value = fields[name]
  if (value === undefined || value === null || value === '') return undefined
  const object = typeof value === 'string' ? parsed(value) : value
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) {
    return object as EntryFields
  }
  throw new BadEntry(`The field ${name} must be a JSON object.`)
}

function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** What is nested in a field, or nothing. */
export function fieldsIn(value: unknown): EntryFields {
  return typeof value === 'object' && value !== null ? (value as EntryFields) : {}
}
