/** The names of the variables; the compiler holds the reader to them. */
export type SettingName =
  | 'HOST'
  | 'PORT'
  | 'DATA_DIR'
  | 'DATABASE_URL'
  | 'ISSUER'
  | 'TRUSTED_PROXIES'
  | 'TRUSTED_PROXY_HOPS'
  | 'AUDIENCE'
  | 'SECRET_KEY'
  | 'SIGNING_ALGORITHM'
  | 'KEY_ENCRYPTION_KEY'
  | 'ACCESS_TOKEN_LIFETIME'
  | 'ALLOW_LONG_ACCESS_TOKENS'
  | 'SESSION_IDLE_LIFETIME'
  | 'SESSION_LIFETIME'
  | 'REFRESH_GRACE'
  | 'PASSWORD_MIN_LENGTH'
  | 'ARGON2_MEMORY'
  | 'ARGON2_TIME'
  | 'ARGON2_PARALLELISM'
  | 'ROLES'
  | 'DEFAULT_ROLE'
  | 'ISSUERS'
  | 'DOCS'
  | 'LOG_LEVEL'

/** One environment variable: the table of the documentation is checked against this list. */
export interface Setting {
  readonly name: SettingName
  /** What applies when it is not set, in words. */
  readonly default: string
  readonly description: string
  /** True if `<name>_FILE` may name a file that holds the value instead. */
  readonly secret?: boolean
}

/** Every variable that the server reads. */
export const settings: readonly Setting[] = [
  {
    name: 'HOST',
    default: '127.0.0.1',
    description: 'Address to listen on; `0.0.0.0` for every IPv4 interface.',
  },
  { name: 'PORT', default: '8000', description: 'Port to listen on; `0` for any free one.' },
  {
    name: 'DATA_DIR',
    default: './data',
    description: 'Directory of the database and its key, made with mode 0700.',
  },
  {
    name: 'DATABASE_URL',
    default: 'SQLite in the data directory',
    description:
      'A `postgres://` URL; needs the package `pg`. Processes on several machines share `KEY_ENCRYPTION_KEY` or `SECRET_KEY` too.',
    secret: true,
  },
  {
    name: 'ISSUER',
    default: '`http://127.0.0.1:` and the port',
    description: 'URL of this server as its users reach it; the `iss` of tokens.',
  },
  {
    name: 'TRUSTED_PROXIES',
    default: 'none',
    description:
      'Addresses and CIDR blocks of the proxies in front, with commas between: their `X-Forwarded-For` tells where a request comes from. Without it, all who come through a proxy are one source, and wait together when too many logins fail.',
  },
  {
    name: 'TRUSTED_PROXY_HOPS',
    default: '1',
    description: 'How many of these proxies a request comes through.',
  },
  {
    name: 'AUDIENCE',
    default: 'the issuer',
    description: 'Identifier of this API; the `aud` of tokens.',
  },
  {
    name: 'SECRET_KEY',
    default: 'managed keys',
    description:
      'Signs tokens with HS256 under the bytes of this text, at least 32. Not set: keys are made at first start and kept encrypted in the database.',
    secret: true,
  },
  {
    name: 'SIGNING_ALGORITHM',
    default: 'ES256',
    description: 'Algorithm of managed keys: `ES256`, `RS256`, `PS256` or `EdDSA`.',
  },
  {
    name: 'KEY_ENCRYPTION_KEY',
    default: 'a file in the data directory',
    description: 'Encrypts managed keys at rest: 32 bytes, in base64 or hex.',
    secret: true,
  },
  {
    name: 'ACCESS_TOKEN_LIFETIME',
    default: '900',
    description: 'Seconds that an access token lives, 3600 at most.',
  },
  {
    name: 'ALLOW_LONG_ACCESS_TOKENS',
    default: 'false',
    description: '`true` accepts a lifetime above 3600: a stolen token then works that long.',
  },
  {
    name: 'SESSION_IDLE_LIFETIME',
    default: '1209600',
    description: 'Seconds after which a login ends that was not refreshed (14 days).',
  },
  {
    name: 'SESSION_LIFETIME',
    default: '7776000',
    description: 'Seconds after which a login ends however it is used (90 days).',
  },
  {
    name: 'REFRESH_GRACE',
    default: '10',
    description:
      'Seconds within which a refresh token may be presented again, for a client that lost the answer; `0` is strict.',
  },
  {
    name: 'PASSWORD_MIN_LENGTH',
    default: '15',
    description: 'Least characters of a new password, from 8 to 64.',
  },
  {
    name: 'ARGON2_MEMORY',
    default: '19456',
    description: 'Memory of a new password hash, in KiB.',
  },
  { name: 'ARGON2_TIME', default: '2', description: 'Passes of a new password hash.' },
  { name: 'ARGON2_PARALLELISM', default: '1', description: 'Lanes of a new password hash.' },
  {
    name: 'ROLES',
    default: '{"admin":["*"],"member":[]}',
    description: 'Roles and the permissions that each grants, as JSON; `*` grants all.',
  },
  {
    name: 'DEFAULT_ROLE',
    default: 'member',
    description: 'Role of a user created without one.',
  },
  {
    name: 'ISSUERS',
    default: 'none',
    description:
      'Other issuers whose access tokens are accepted beside our own, as a JSON list of `{"profile":"auth0"|"cognito"|"entra"|"keycloak"|"rfc9068", …}`; see [moving to an identity provider](moving-to-an-identity-provider.md).',
    secret: true,
  },
  { name: 'DOCS', default: 'true', description: '`false` leaves out `/docs` and `/openapi.json`.' },
  {
    name: 'LOG_LEVEL',
    default: 'info, in a terminal warn',
    description: '`fatal`, `error`, `warn`, `info`, `debug` (every request), `trace` or `silent`.',
  },
]
