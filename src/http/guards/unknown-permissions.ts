import type { Auth } from '../../core/auth.ts'

/** Why a guard cannot be made that asks for these permissions. */
export function unknownPermissions(
  name: string,
  unknown: readonly string[],
  { permissions }: Pick<Auth, 'permissions'>,
): string {
  const known = Object.keys(permissions.describe()).join(', ') || 'none yet'
  const not = unknown.map((each) => JSON.stringify(each)).join(', ') || 'none'
  return `${name} takes known permissions (${known}), not: ${not}. Give it to a role, or name it in the option permissions.`
}
