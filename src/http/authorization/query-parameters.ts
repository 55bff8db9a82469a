import { createHash } from 'node:crypto'

/** Bytes of parameters as we write them, but for our own proof. */
const maxBytes = 8 * 1024
/** Bytes that our own proof takes at most: who has logged in must not find the request too long. */
const proofMaxBytes = 1024

/** True for more than 8 KiB of parameters, as they are sent or as our own pages carry them on. */
export function isTooLong(text: string): boolean {
  if (isTooLongAsSent(text)) return true
  const parameters = parse(text)
  return parameters !== null && isTooLongToCarry(text, parameters)
}

function isTooLongAsSent(text: string): boolean {
  return Buffer.byteLength(text) > maxBytes + proofMaxBytes
}

/** What need not be encoded in a URL is longer when we encode it: up to nine times. */
function isTooLongToCarry(text: string, parameters: QueryParameters): boolean {
  return 9 * text.length > maxBytes && Buffer.byteLength(formatQuery(parameters)) > maxBytes
}

/** The parameters of a request to an endpoint that browsers come to. */
export interface QueryParameters {
  /** Each that has a value, by its name (RFC 6749 §3.1: an empty one is absent). */
  readonly values: ReadonlyMap<string, string>
  /** The names that occur more than once, with whatever values. */
  readonly repeated: ReadonlySet<string>
  /** All of them in their order, but for our own proof: what a form carries on. */
  readonly pairs: readonly (readonly [string, string])[]
  /** What a step has shown for this request; null if none has. It is no part of the request. */
  readonly proof: string | null
}

/** The parameter in which our own pages carry what a step has shown. */
const proofName = 'proof'

/**
 * Reads the parameters behind the `?` of a URL, or in a form (RFC 6749 appendix B).
 *
 * Null for text that is no percent-encoded UTF-8, or is longer than 8 KiB. Nothing of it may be believed then,
 * the redirect URI least of all.
 */
export function readQuery(text: string): QueryParameters | null {
  if (isTooLongAsSent(text)) return null
  const parameters = parse(text)
  return parameters === null || isTooLongToCarry(text, parameters) ? null : parameters
}

/** Null for text that is no percent-encoded UTF-8. */
function parse(text: string): QueryParameters | null {
  try {
    return collect(
      text
        .split('&')
        .filter((pair) => pair !== '')
        .map((pair) => {
          const at = pair.indexOf('=')
          return at === -1
            ? ([decode(pair), ''] as const)
            : ([decode(pair.slice(0, at)), decode(pair.slice(at + 1))] as const)
        }),
    )
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

function collect(all: readonly (readonly [string, string])[]): QueryParameters {
  const pairs = all.filter(([name]) => name !== proofName)
  const proof = all.find(([name]) => name === proofName)?.[1] || null
  const values = new Map<string, string>()
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const [name, value] of pairs) {
    if (seen.has(name)) repeated.add(name)
    seen.add(name)
    if (value !== '') values.set(name, value)
  }
  return { values, repeated, pairs, proof }
}

/** The same parameters as text, with what the steps so far have shown. */
export function formatQuery(
  { pairs }: Pick<QueryParameters, 'pairs'>,
  proof: string | null = null,
): string {
  return encodePairs(proof === null ? pairs : [...pairs, [proofName, proof]])
}

/** `%20` for a space: some clients do not take `+` for one. */
export function encodePairs(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
}

/** What stands for a request in a proof: it is the same in whatever order the parameters are. */
export function digestOf({ values }: Pick<QueryParameters, 'values'>): string {
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url')
}
