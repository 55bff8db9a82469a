// A scope is a permission delegated to a token (RFC 6749 §3.3). On the wire it is one
// space-delimited string; inside it is always an array.

// RFC 6749 appendix A.4: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), separated by single spaces.
const scopeGrammar = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/
const scopeTokenGrammar = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** The permission that contains every other one. */
export const everyPermission = '*'

/** Returns the scopes of a `scope` parameter without repeats, or null if it breaks the grammar. */
export function parseScope(scope: string): string[] | null {
  if (scope === '') return []
  return scopeGrammar.test(scope) ? [...new Set(scope.split(' '))] : null
}

/** Returns the `scope` string of a list of scopes. */
export function formatScope(scopes: readonly string[]): string {
  return scopes.join(' ')
}

/** True if the text may stand as one scope, which also keeps it harmless in a header (RFC 6750 §3). */
export function isScopeToken(text: string): boolean {
  return scopeTokenGrammar.test(text)
}

/** What of the scopes that are asked for is granted: all that is for `*`. */
export function narrowScopes(
  granted: readonly string[],
  asked: readonly string[],
): readonly string[] {
  if (asked.includes(everyPermission)) return granted
  return asked.filter((scope) => includesPermission(granted, scope))
}

/** True if a list of permissions or scopes contains this one. Exact and case-sensitive, or `*`. */
export function includesPermission(granted: readonly string[], permission: string): boolean {
  return granted.includes(permission) || granted.includes(everyPermission)
}
