// Passwords and their hashes.

import { secretProblems } from '../../core/keys/signing-key.ts'
import type { BreachedPasswords } from '../../core/passwords/breach-check.ts'
import {
  type Argon2Parameters,
  defaultArgon2Parameters,
} from '../../core/passwords/password-hash.ts'
import { integer, judged, lines, type Setting, type SettingsOf, setting } from './setting.ts'

/** Undefined: new password hashes have none. */
export const pepper: Setting<string | undefined> = judged('PASSWORD_PEPPER', secretProblems, {
  fallback: undefined,
  default: 'none',
  description:
    'A secret of at least 32 bytes that every password hash is made with. If it is lost, so is every password under it: see [the pepper](keys.md#the-password-pepper).',
  secret: true,
})

export const previousPeppers: Setting<readonly string[]> = lines(
  'PASSWORD_PEPPER_PREVIOUS',
  secretProblems,
  {
    default: 'none',
    description:
      'The earlier `PASSWORD_PEPPER`, or several, one a line: their hashes verify, and are replaced after a good login.',
    secret: true,
  },
)

/** Code points. */
export const passwordMinLength: Setting<number> = integer('PASSWORD_MIN_LENGTH', {
  least: 8,
  most: 64,
  fallback: 15,
  description: 'Least characters of a new password, from 8 to 64.',
})

/** Undefined: none are looked up. */
export const breachedPasswords: Setting<BreachedPasswords | undefined> = setting(
  'BREACHED_PASSWORDS',
  {
    fallback: undefined,
    default: 'off',
    description:
      'Where new passwords are looked up among stolen ones: `off`, `online` (Have I Been Pwned, which gets five characters of a SHA-1), or the path of its list on this machine. See [stolen passwords](server.md#stolen-passwords).',
  },
  (given, problems) => {
    if (given === 'off') return undefined
    if (given === 'online') return given
    // Not a misspelt word, and no address.
    if (/[./\\]/.test(given) && !given.includes('://')) return { file: given }
    problems.push(
      'BREACHED_PASSWORDS must be off, online or the path of a file, such as ./pwnedpasswords.txt.',
    )
    return undefined
  },
)

/** The cost of a new hash. */
export const argon2: SettingsOf<Argon2Parameters> = {
  memory: integer('ARGON2_MEMORY', {
    least: 8,
    most: 262144,
    fallback: defaultArgon2Parameters.memory,
    description: 'Memory of a new password hash, in KiB.',
  }),
  time: integer('ARGON2_TIME', {
    least: 1,
    most: 16,
    fallback: defaultArgon2Parameters.time,
    description: 'Passes of a new password hash.',
  }),
  parallelism: integer('ARGON2_PARALLELISM', {
    least: 1,
    most: 8,
    fallback: defaultArgon2Parameters.parallelism,
    description: 'Lanes of a new password hash.',
  }),
}

/** Threads of Node.js that hashes share with signatures and files. */
export const threads: Setting<number> = integer('UV_THREADPOOL_SIZE', {
  least: 1,
  most: 1024,
  fallback: 4,
  description:
    'Password hashes use at most (this − 1) threads, and at most one per core. Set cores + 1 on more than 3 cores. It counts only when set outside, not in `.env`.',
})
