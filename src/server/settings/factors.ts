// Second factors of users.

import { choice, integer, type Setting, setting } from './setting.ts'

export const factors: Setting<'off' | 'optional'> = choice('FACTORS', ['off', 'optional'], {
  fallback: 'off',
  description:
    'Second factors: `optional`, users may set one up, and are asked for it at each login; `off`, nobody is asked, even who has one. See [Second factors](second-factors.md).',
})

export const factorRoles: Setting<readonly string[]> = setting<readonly string[]>(
  'FACTOR_ROLES',
  {
    fallback: [],
    default: 'none',
    description:
      'Roles that demand a second factor, with commas between, such as `admin`. Needs `FACTORS=optional`.',
  },
  (given, problems) => {
    const roles = given.split(',').map((role) => role.trim())
    if (roles.every((role) => role !== '')) return roles
    problems.push('FACTOR_ROLES must be roles with commas between, such as admin.')
    return undefined
  },
)

/** Seconds since 1970. */
export const factorRolesFrom: Setting<number> = integer('FACTOR_ROLES_FROM', {
  least: 0,
  most: 99_999_999_999,
  fallback: 0,
  example: 1_800_000_000,
  description:
    'The instant from which those roles demand it, in seconds since 1970: time for those who are there. `0` is at once.',
})
