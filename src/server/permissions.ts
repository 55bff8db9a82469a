import type { Permissions } from '../core/access/permissions.ts'

/** The permissions of the server's own routes, as the Authorize dialog shows them. */
export const permissions: Readonly<Record<string, string>> = {
  'events:read': 'Read what happened: logins, changes, and by whom',
  'stats:read': 'See how many users there are',
  'users:read': 'List and read users',
  'users:write': 'Create, change and delete users',
}

/** Makes them known to an application's security that was made without them. */
export function addPermissions(known: Permissions): void {
  for (const [name, sentence] of Object.entries(permissions)) known.add(name, sentence)
}
