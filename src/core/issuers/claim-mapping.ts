import type { Roles } from '../access/roles.ts'
import { everyPermission, isScopeToken } from '../access/scope.ts'
import type { PermissionMapping, RoleMapping } from './external-issuer.ts'

/** Names that are looked at in one token; a provider may send thousands of groups. */
const namesLookedAt = 1000

/** The tables from a provider's names to ours. What no table names is ignored. */
export interface ClaimMapping {
  /** The role here: that of the first entry of the table that the token has; null if it has none. */
  roleOf(names: readonly string[]): string | null
  /** The permissions here of a user's token. */
  permissionsOf(names: readonly string[]): readonly string[]
  /** The permissions here of a client's token. */
  clientPermissionsOf(names: readonly string[]): readonly string[]
  /** True if there is a table of permissions of users. */
  readonly mapsPermissions: boolean
}

export interface ClaimMappingOptions {
  readonly roles: RoleMapping
  readonly permissions: PermissionMapping | undefined
  /** Default: those of users. */
  readonly clientPermissions?: PermissionMapping | undefined
}

export function createClaimMapping({
  roles,
  permissions,
  clientPermissions = permissions,
}: ClaimMappingOptions): ClaimMapping {
  // Maps, so that a role called `__proto__` or `constructor` finds nothing that is not in the table.
  const roleByName = new Map(Object.entries(roles))
  return {
    roleOf(names) {
      const held = new Set(names.slice(0, namesLookedAt))
      for (const [name, role] of roleByName) if (held.has(name)) return role
      return null
    },
    permissionsOf: lookUp(permissions),
    clientPermissionsOf: lookUp(clientPermissions),
    mapsPermissions: permissions !== undefined,
  }
}

function lookUp(
  permissions: PermissionMapping | undefined,
): (names: readonly string[]) => readonly string[] {
  const byName = new Map(permissionEntries(permissions))
  return (names) => [
    ...new Set(names.slice(0, namesLookedAt).flatMap((name) => byName.get(name) ?? [])),
  ]
}

/** Every reason against the tables. */
export function claimMappingProblems(
  { roles, permissions, clientPermissions }: ClaimMappingOptions,
  defaultRole: string | null | undefined,
  known: Pick<Roles, 'names'>,
): readonly string[] {
  const targets = [...Object.values(roles), ...(defaultRole ? [defaultRole] : [])]
  const unknown = [...new Set(targets.filter((role) => !known.names.includes(role)))]
  const wrong = [permissions, clientPermissions]
    .flatMap(permissionsOfTable)
    .filter((permission) => typeof permission !== 'string' || !isScopeToken(permission))
  return [
    ...(unknown.length > 0
      ? [
          `maps to roles that are not configured (${unknown.join(', ')}): use ${known.names.join(', ')}.`,
        ]
      : []),
    ...(wrong.length > 0
      ? ['maps to permissions that are not printable ASCII without spaces, quotes or backslashes.']
      : []),
  ]
}

/** Every permission that a table of permissions can grant here. */
export function permissionsOfTable(permissions: PermissionMapping | undefined): readonly string[] {
  return permissionEntries(permissions).flatMap(([, targets]) => targets)
}

function permissionEntries(
  permissions: PermissionMapping | undefined,
): readonly (readonly [string, readonly string[]])[] {
  if (permissions === undefined) return []
  // In a list `*` would be a scope of the provider's that grants everything here.
  if (isList(permissions)) {
    return permissions.filter((name) => name !== everyPermission).map((name) => [name, [name]])
  }
  return Object.entries(permissions).map(([name, targets]) => [
    name,
    typeof targets === 'string' ? [targets] : targets,
  ])
}

function isList(permissions: PermissionMapping): permissions is readonly string[] {
  return Array.isArray(permissions)
}
