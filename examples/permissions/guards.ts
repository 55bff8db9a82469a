// What the routes of the application ask of a request, each said once.

import {
  type Auth,
  all,
  createAuth,
  createGuards,
  Forbidden,
  type Guard,
  guard,
  refine,
  type User,
} from 'portcullis'
import { memory } from 'portcullis/stores/memory'

export const auth: Auth = await createAuth({
  store: memory(),
  roles: {
    admin: ['*'],
    editor: ['notes:read', 'notes:write'],
    reader: ['notes:read'],
  },
  permissions: { 'notes:read': 'Read notes', 'notes:write': 'Write notes' },
})

const { requirePermission } = createGuards(auth)

const members: Readonly<Record<string, readonly string[]>> = {
  red: ['ann', 'eve', 'rob'],
  blue: ['ann'],
}

/** The name of the team that the request says it is about. */
const namedTeam = guard(({ headers }) => {
  const name = headers instanceof Headers ? headers.get('x-team') : headers['x-team']
  return String(name ?? 'red')
})

/** Somebody with a permission, within a team of theirs. */
export interface Member {
  readonly user: User
  readonly team: string
}

function inTeam(permission: string): Guard<Member> {
  return refine(
    all({ user: requirePermission(permission), team: namedTeam }),
    (member) => {
      if (!members[member.team]?.includes(member.user.username)) {
        throw new Forbidden('Not a member of this team')
      }
      return member
    },
    { conditions: ['a member of the team'] },
  )
}

export const reader: Guard<Member> = inTeam('notes:read')
export const writer: Guard<Member> = inTeam('notes:write')
