// Second factors of users.

import { choice, flag, integer, judged, type Setting, setting } from './setting.ts'

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

export const passkeys: Setting<boolean> = flag('PASSKEYS', {
  fallback: false,
  description:
    'Lets users log in by a passkey, or show one after the password. Needs `FACTORS=optional`, the package `@simplewebauthn/server`, and an `ISSUER` that is `http://localhost` or has `https` and a name. If you switch it off later, who has passkeys alone needs a recovery code.',
})

export const passkeyRpId: Setting<string | undefined> = judged<string | undefined>(
  'PASSKEY_RP_ID',
  (given) =>
    /^[a-z\d.-]+$/.test(given) ? [] : ['must be a domain in small letters, such as example.com'],
  {
    fallback: undefined,
    default: 'the host of `ISSUER`',
    description:
      'The domain that passkeys are made for: the host of `ISSUER`, or a domain that it lies in, such as `example.com`. With another one no passkey works any more.',
  },
)

export const passkeyOrigins: Setting<readonly string[]> = setting<readonly string[]>(
  'PASSKEY_ORIGINS',
  {
    fallback: [],
    default: 'that of `ISSUER`',
    description:
      'Origins beside that of `ISSUER` whose pages may ask for passkeys, with commas between, such as `https://app.example.com`. Each lies in `PASSKEY_RP_ID`.',
  },
  (given, problems) => {
    const origins = given.split(',').map((origin) => origin.trim())
    if (origins.every((origin) => /^(https?:\/\/[^/]|android:)/.test(origin))) return origins
    problems.push(
      'PASSKEY_ORIGINS must be origins with commas between, such as https://app.example.com.',
    )
    return undefined
  },
)
