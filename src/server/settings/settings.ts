/** The names of the variables; the compiler holds the reader to them. */
export type SettingName =
  | 'HOST'
  | 'PORT'
  | 'WORKERS'
  | 'DATA_DIR'
  | 'DATABASE_URL'
  | 'DATABASE_POOL_SIZE'
  | 'DATABASE_STATEMENT_TIMEOUT'
  | 'ISSUER'
  | 'ALLOW_INSECURE_ISSUER'
  | 'TRUSTED_PROXIES'
  | 'TRUSTED_PROXY_HOPS'
  | 'CORS_ORIGINS'
  | 'AUDIENCE'
  | 'SECRET_KEY'
  | 'SECRET_KEY_PREVIOUS'
  | 'SIGNING_ALGORITHM'
  | 'KEY_ENCRYPTION_KEY'
  | 'PASSWORD_PEPPER'
  | 'PASSWORD_PEPPER_PREVIOUS'
  | 'KEY_ROTATION_INTERVAL'
  | 'ACCESS_TOKEN_LIFETIME'
  | 'ALLOW_LONG_ACCESS_TOKENS'
  | 'SESSION_IDLE_LIFETIME'
  | 'SESSION_LIFETIME'
  | 'REFRESH_GRACE'
  | 'EVENT_RETENTION'
  | 'PASSWORD_MIN_LENGTH'
  | 'ARGON2_MEMORY'
  | 'ARGON2_TIME'
  | 'ARGON2_PARALLELISM'
  | 'UV_THREADPOOL_SIZE'
  | 'ROLES'
  | 'DEFAULT_ROLE'
  | 'CLIENTS'
  | 'ISSUERS'
  | 'DOCS'
  | 'LOG_LEVEL'
  | 'METRICS_PORT'
  | 'METRICS_HOST'

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
    name: 'WORKERS',
    default: '1',
    description:
      'Processes that serve, on this machine; `auto` for one per core. `serve --workers` wins over it.',
  },
  {
    name: 'DATA_DIR',
    default: './data',
    description: 'Directory of the database and its key, made with mode 0700.',
  },
  {
    name: 'DATABASE_URL',
    default: 'SQLite in the data directory',
    description:
      'A `postgres://` URL; needs the package `pg`. Processes on several machines share `KEY_ENCRYPTION_KEY` or `SECRET_KEY` too. See [PostgreSQL](postgres.md).',
    secret: true,
  },
  {
    name: 'DATABASE_POOL_SIZE',
    default: '10',
    description: 'Connections of this process to PostgreSQL, at most.',
  },
  {
    name: 'DATABASE_STATEMENT_TIMEOUT',
    default: '5',
    description:
      'Seconds that PostgreSQL may work on a statement which reads a whole table, such as a search among all users. All others have 1.5, or this if it is less.',
  },
  {
    name: 'ISSUER',
    default: '`http://127.0.0.1:` and the port',
    description:
      'URL of this server as its users reach it; the `iss` of tokens. Another one, by another `PORT` too, ends every access token; a refresh token gets a new one.',
  },
  {
    name: 'ALLOW_INSECURE_ISSUER',
    default: 'false',
    description:
      '`true` accepts an `ISSUER` that is not https and is not this machine: whoever is on the way then reads passwords and tokens.',
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
    name: 'CORS_ORIGINS',
    default: 'none',
    description:
      'Origins, with commas between, whose pages may call this server from a browser, such as `https://app.example.com`. Pages of its own origin always may.',
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
    name: 'SECRET_KEY_PREVIOUS',
    default: 'none',
    description:
      'The `SECRET_KEY` of before, or several, one a line: what was signed with it is still accepted, so that nobody is logged out.',
    secret: true,
  },
  {
    name: 'SIGNING_ALGORITHM',
    default: 'ES256',
    description: 'Algorithm of new managed keys: `ES256`, `RS256`, `PS256` or `EdDSA`.',
  },
  {
    name: 'KEY_ENCRYPTION_KEY',
    default: 'a file in the data directory',
    description: 'Encrypts managed keys at rest: 32 bytes, in base64 or hex.',
    secret: true,
  },
  {
    name: 'PASSWORD_PEPPER',
    default: 'none',
    description:
      'Password hashes are made with the bytes of this text, too, at least 32. If it is lost, so is every password under it: see [the pepper](keys.md#the-password-pepper).',
    secret: true,
  },
  {
    name: 'PASSWORD_PEPPER_PREVIOUS',
    default: 'none',
    description:
      'The `PASSWORD_PEPPER` of before, or several, one a line: their hashes verify, and are replaced after a good login.',
    secret: true,
  },
  {
    name: 'KEY_ROTATION_INTERVAL',
    default: '7776000',
    description:
      'Seconds after which a managed key is replaced (90 days), at least 86400; `0` is never.',
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
    name: 'EVENT_RETENTION',
    default: '7776000',
    description:
      'Seconds after which [events](events.md) are deleted (90 days), at least 604800 (7 days).',
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
    name: 'UV_THREADPOOL_SIZE',
    default: '4',
    description:
      "Node.js's own: threads of which one fewer hash passwords, but no more than there are cores. Raise it on a machine with more than 3 cores, to 1 more than these; it counts only when set outside, not in `.env`.",
  },
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
    name: 'CLIENTS',
    default: 'none, besides those in the database',
    description:
      'Registered OAuth clients, as a JSON list: `[{"id","name"?,"secret"?,"grants"?,"scopes"?,"introspect"?}]`; see [Clients](clients.md).',
    secret: true,
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
  {
    name: 'METRICS_PORT',
    default: 'no metrics',
    description:
      'Port of a listener of its own that serves `/metrics` to Prometheus, such as `9464`; see [metrics](metrics.md).',
  },
  {
    name: 'METRICS_HOST',
    default: '127.0.0.1',
    description:
      'Address of that listener. It asks nobody for a password: keep it in a network of your own.',
  },
]
