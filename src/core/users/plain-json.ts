/** Why a value is no JSON, and where. */
export interface JsonProblem {
  readonly path: readonly PropertyKey[]
  /** The end of a sentence. */
  readonly says: string
}

/** The JSON of a value, or why there is none. */
export type JsonReading =
  | { readonly json: string; readonly problem?: undefined }
  | { readonly json?: undefined; readonly problem: JsonProblem }

/** Objects and lists in one another: no more than a validator can follow. */
const maxDepth = 32

/** True for an object that holds nothing but members: no list, no Date, no Map. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * Writes a value as JSON, if reading it again gives the same value. So a Date is refused, which would
 * become a text, and NaN, which would become null. Members that are undefined are left out.
 */
export function readJson(value: unknown): JsonReading {
  const problem = findProblem(value, [])
  return problem ? { problem } : { json: JSON.stringify(value) }
}

function findProblem(value: unknown, path: readonly PropertyKey[]): JsonProblem | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null
  if (typeof value === 'number') {
    return Number.isFinite(value) ? null : { path, says: 'must be a finite number' }
  }
  const isList = Array.isArray(value)
  if (!isList && !isPlain(value)) {
    return { path, says: 'must be JSON: a text, a number, true, false, null, a list or an object' }
  }
  if (path.length >= maxDepth) return { path, says: `must not be deeper than ${maxDepth} levels` }
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined && !isList) continue
    const problem = findProblem(member, [...path, name])
    if (problem) return problem
  }
  return null
}
