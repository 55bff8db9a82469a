import { subjectMaxLength } from '../core/issuers/identities.ts'

// How claims are read. An issuer may send values of any type, and its names may be any text.

/** The claims of a token, verified and not interpreted. */
export type Claims = Readonly<Record<string, unknown>>

/** Names of roles or scopes that are read of one token. */
export const namesMax = 1000
const nameMaxLength = 256

/** A member of an object of its own; undefined for everything else, however deep it looks. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Claims)[name]
}

/** The claim as a text; null if it is none, empty, or too long to be a name. */
export function textOf(claims: Claims, name: string): string | null {
  const value = member(claims, name)
  const isText = typeof value === 'string' && value !== '' && value.length <= subjectMaxLength
  return isText && !/\p{Cc}/u.test(value) ? value : null
}

/** The names in a list, or in a text with spaces between (RFC 6749 §3.3). */
export function namesOf(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? value.split(' ') : value
  if (!Array.isArray(list)) return []
  return list
    .slice(0, namesMax)
    .filter((name) => typeof name === 'string' && name !== '' && name.length <= nameMaxLength)
}

/** The audience of a token (RFC 7519 §4.1.3); null if it has none or it is malformed. */
export function audienceOf(claims: Claims): readonly string[] | null {
  const list = [member(claims, 'aud')].flat()
  const isAudience = list.length > 0 && list.every((each) => typeof each === 'string')
  return isAudience ? (list as string[]) : null
}

/** One text or several, as a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : [...value]
}
