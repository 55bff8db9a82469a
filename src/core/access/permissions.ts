import { ConfigError } from '../errors.ts'
import { everyPermission, isScopeToken } from './scope.ts'

/**
 * The permissions an application knows, with a sentence each for the Authorize dialog.
 *
 * They come from the configured descriptions, and from whatever grants one: roles, the tables of other
 * issuers, configured clients. A guard names none of its own, so that a misspelt one is found at start.
 */
export interface Permissions {
  /** True if something grants it by its name, or it is described; and for `*`. */
  has(permission: string): boolean
  /** Name and description of each, in the order they became known. */
  describe(): Readonly<Record<string, string>>
  /**
   * Makes a permission known that the options do not name, such as one that only clients have that are
   * registered at run time.
   *
   * @throws {TypeError} if it cannot be a scope (RFC 6749 §3.3), or is one of OpenID Connect where people
   * log in by browser.
   */
  add(permission: string, description?: string): void
}

/** Every reason against the option `permissions`, one sentence each. */
export function describedProblems(described: unknown): string[] {
  if (described === undefined) return []
  if (typeof described !== 'object' || described === null || Array.isArray(described)) {
    return ["The option permissions must map each permission to a sentence: { 'items:read': '…' }."]
  }
  return Object.entries(described).flatMap(([permission, sentence]) => [
    ...(isScopeToken(permission) ? [] : [unusable(permission)]),
    ...(typeof sentence === 'string'
      ? []
      : [`The description of permission ${JSON.stringify(permission)} must be a text.`]),
  ])
}

function unusable(permission: string): string {
  return `Permission ${JSON.stringify(permission)} must be printable ASCII without spaces, quotes or backslashes.`
}

/** The scopes of OpenID Connect (Core §5.4, §11): no permissions where people log in by browser. */
export const openIdScopeNames: readonly string[] = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
]

/**
 * @param reserved Names that no permission may have. Default none.
 * @throws {ConfigError} naming every permission that has one.
 */
export function createPermissions(
  described: Readonly<Record<string, string>>,
  granted: Iterable<string>,
  reserved: readonly string[] = [],
): Permissions {
  const known = new Map<string, string>()
  const names = [...Object.keys(described), ...granted]
  const clashes = reserved.filter((name) => names.includes(name)).map(isReserved)
  if (clashes.length > 0) throw new ConfigError(clashes)

  function add(permission: string, description = ''): void {
    if (!isScopeToken(permission)) {
      throw new TypeError(unusable(permission))
    }
    if (reserved.includes(permission)) throw new TypeError(isReserved(permission))
    if (!known.has(permission)) known.set(permission, description)
  }

  for (const [permission, description] of Object.entries(described)) add(permission, description)
  for (const permission of names) if (permission !== everyPermission) add(permission)
  return {
    // `*` may be asked for: a token for everything the role grants.
    has: (permission) => permission === everyPermission || known.has(permission),
    describe: () => Object.fromEntries(known),
    add,
  }
}

function isReserved(permission: string): string {
  return `Permission "${permission}" must have another name, since that is a scope of OpenID Connect: applications that log in by browser ask for it.`
}
