import { ConfigError, UserError } from '../errors.ts'
import { everyPermission, formatScope, includesPermission, isScopeToken } from './scope.ts'

/** A role and the permissions it grants; `*` grants all. */
export type RoleMap = Readonly<Record<string, readonly string[]>>

/** The roles of an application, checked. */
export interface Roles {
  /** In the order of the configuration. */
  readonly names: readonly string[]
  /** Roles that grant everything: one active user must always hold one of them. */
  readonly administrative: readonly string[]
  /** The permissions a role grants; none for a role that is not configured. */
  permissionsOf(role: string): readonly string[]
  /** True if the role grants the permission. */
  grants(role: string, permission: string): boolean
}

/** The roles without configuration: an `admin` who may do everything, a `member` who may log in. */
export const defaultRoles: RoleMap = { admin: [everyPermission], member: [] }

/** Characters of a scope that fit into a token that is looked at, with all its other claims, in base64. */
export const scopeMaxLength = 4096
/** @throws {UserError} `role_unknown`, if the role is not configured. */
export function checkRole({ names }: Roles, role: string): void {
  if (names.includes(role)) return
  throw new UserError('role_unknown', [`The role must be one of: ${names.join(', ')}.`])
}

/** @throws {ConfigError} naming every role or permission that cannot be used. */
export function createRoles(map: RoleMap = defaultRoles): Roles {
  const problems: string[] = []
  const granted = new Map<string, readonly string[]>()
  for (const [role, permissions] of Object.entries(map)) {
    if (!/^[A-Za-z][\w.-]{0,63}$/.test(role)) {
      problems.push(
        `Role ${JSON.stringify(role)} must start with a letter and have at most 64 letters, digits, ".", "_" or "-".`,
      )
    }
    if (!Array.isArray(permissions)) {
      problems.push(`Role ${JSON.stringify(role)} must map to a list of permissions.`)
      continue
    }
    for (const permission of permissions) {
      if (typeof permission !== 'string' || !isScopeToken(permission)) {
        problems.push(
          `Permission ${JSON.stringify(permission)} of role ${JSON.stringify(role)} must be printable ASCII without spaces, quotes or backslashes.`,
        )
      }
    }
    if (formatScope(permissions).length > scopeMaxLength) {
      problems.push(
        `The permissions of role ${JSON.stringify(role)} take more than ${scopeMaxLength} characters, too many for a token: use fewer, shorter ones, or "*".`,
      )
    }
    granted.set(role, Object.freeze([...permissions]))
  }
  if (granted.size === 0) problems.push('At least one role is needed, such as { admin: ["*"] }.')
  if (problems.length > 0) throw new ConfigError(problems)

  const none: readonly string[] = Object.freeze([])
  const permissionsOf = (role: string): readonly string[] => granted.get(role) ?? none
  return {
    names: [...granted.keys()],
    administrative: [...granted.keys()].filter((role) =>
      permissionsOf(role).includes(everyPermission),
    ),
    permissionsOf,
    grants: (role, permission) => includesPermission(permissionsOf(role), permission),
  }
}
