// Access tokens and the keys that sign them: each is an option of `createAuth` of the same name.

import { accessTokenMaxLifetime } from '../../core/auth-options.ts'
import {
  isRotationInterval,
  keyRotationMinimum,
  keyRotationInterval as rotationInterval,
} from '../../core/keys/lifecycle.ts'
import {
  type SigningAlgorithm,
  secretProblems,
  signingAlgorithms,
} from '../../core/keys/signing-key.ts'
import { decodeKey } from './encoded-key.ts'
import { issuer } from './listening.ts'
import {
  choice,
  flag,
  integer,
  judged,
  lines,
  type Setting,
  setting,
  tenYears,
  text,
} from './setting.ts'

export const audience: Setting<string> = text('AUDIENCE', {
  fallback: (valueFor) => valueFor(issuer),
  default: 'the issuer',
  description: 'Identifier of this API; the `aud` of tokens.',
})

/** Undefined: managed keys. */
export const secretKey: Setting<string | undefined> = judged('SECRET_KEY', secretProblems, {
  fallback: undefined,
  default: 'managed keys',
  description:
    'Signs tokens with HS256 under the bytes of this text, at least 32. Not set: keys are made at first start and kept encrypted in the database.',
  secret: true,
})

export const previousSecretKeys: Setting<readonly string[]> = lines(
  'SECRET_KEY_PREVIOUS',
  secretProblems,
  {
    default: 'none',
    description:
      'The earlier `SECRET_KEY`, or several, one a line: tokens signed with it are still accepted, so that nobody is logged out.',
    secret: true,
  },
)

export const signingAlgorithm: Setting<SigningAlgorithm> = choice(
  'SIGNING_ALGORITHM',
  signingAlgorithms,
  {
    fallback: 'ES256',
    description: 'Algorithm of new managed keys: `ES256`, `RS256`, `PS256` or `EdDSA`.',
  },
)

/** 32 bytes. Undefined: a file in the data directory. */
export const keyEncryptionKey: Setting<Uint8Array | undefined> = setting(
  'KEY_ENCRYPTION_KEY',
  {
    fallback: undefined,
    default: 'a file in the data directory',
    description: 'Encrypts managed keys at rest: 32 bytes, in base64 or hex.',
    secret: true,
  },
  (given, problems) => {
    const key = decodeKey(given)
    if (key === undefined) {
      problems.push(
        'KEY_ENCRYPTION_KEY must be 32 bytes in base64 or hex; make one with: openssl rand -base64 32.',
      )
    }
    return key
  },
)

/** Each of 32 bytes. */
export const previousKeyEncryptionKeys: Setting<readonly Uint8Array[]> = setting(
  'KEY_ENCRYPTION_KEY_PREVIOUS',
  {
    fallback: [] as readonly Uint8Array[],
    default: 'none, or what is beside the file',
    description:
      'The earlier `KEY_ENCRYPTION_KEY`, or several, one a line: what was made under it is still accepted, so that nobody is logged out. See [Signing keys](keys.md#the-key-encryption-key).',
    secret: true,
  },
  (given, problems) => {
    const keys = given.split(/\r?\n/).filter(Boolean).map(decodeKey)
    const found = keys.filter((key) => key !== undefined)
    if (found.length === keys.length) return found
    problems.push(
      'KEY_ENCRYPTION_KEY_PREVIOUS must be 32 bytes in base64 or hex, or several such keys, one a line.',
    )
    return undefined
  },
)

/** Seconds; 0 for never. */
export const keyRotationInterval: Setting<number> = setting(
  'KEY_ROTATION_INTERVAL',
  {
    fallback: rotationInterval,
    description:
      'Seconds after which a managed key is replaced (90 days), at least 86400; `0` is never.',
  },
  (given, problems) => {
    const seconds = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
    if (isRotationInterval(seconds) && seconds <= tenYears) return seconds
    problems.push(
      `KEY_ROTATION_INTERVAL must be 0, or at least ${keyRotationMinimum} (a day): a whole number of seconds from 0 to ${tenYears}.`,
    )
    return undefined
  },
)

/** Seconds. */
export const accessTokenLifetime: Setting<number> = integer('ACCESS_TOKEN_LIFETIME', {
  least: 1,
  most: tenYears,
  usualMost: accessTokenMaxLifetime,
  fallback: 900,
  description: 'Seconds until an access token expires, 3600 at most.',
})

export const allowLongAccessTokens: Setting<boolean> = flag('ALLOW_LONG_ACCESS_TOKENS', {
  fallback: false,
  description: '`true` accepts a lifetime above 3600: a stolen token then works that long.',
})
