import type { Auth } from '../core/auth.ts'

/**
 * The roles that users may have: those that are configured, and those that users still have from an older
 * configuration. Only the former where the database fails: that keeps no server from its start.
 */
export async function findRoleNames({ roles, users }: Auth): Promise<readonly string[]> {
  try {
    const { byRole } = await users.counts()
    return [...new Set([...roles.names, ...Object.keys(byRole)])]
  } catch {
    return roles.names
  }
}
