// The jobs that the reference is ordered by, and which files of `src` belong to each.

/** A chapter of the reference. */
export interface Group {
  readonly title: string
  readonly says: string
}

const group = (title: string, says: string): Group => ({ title, says })

const creating = group('Creating', 'Put an application’s security together.')
const guarding = group('Guarding', 'Let a request through by user, role or permission.')
const users = group('Users and logins', 'Create, find and change users; log them in.')
const passwords = group('Passwords', 'Judge, hash and verify passwords, and slow down guessing.')
const sessions = group('Sessions and tokens', 'Open, refresh and revoke logins.')
const clients = group('OAuth clients', 'Register programs that log in for themselves or for users.')
const keys = group('Signing keys', 'Rotate and retire the keys that sign tokens.')
const issuers = group(
  'Other issuers',
  'Accept tokens of Auth0, Keycloak, Cognito, Entra and others.',
)
const events = group('Events', 'Hear of what happened, and find it again.')
const endpoints = group(
  'OAuth endpoints',
  'Serve the protocol as plain data, in your own framework.',
)
const stores = group('Stores', 'Keep users, sessions and keys in a database.')
const errors = group('Errors', 'Tell failures apart. [All codes](errors.md), with cause and cure.')
const accounts = group(
  'Accounts',
  'Let people register, be invited, reset a password, change an address.',
)
const apiKeys = group('API keys', 'Let programs act for a user who is not there.')
const factors = group(
  'Second factors',
  'Apps, passkeys and recovery codes after the password. How-to: [Second factors](second-factors.md).',
)
const hostedLogin = group(
  'Login by browser',
  'Let people log in on pages of this server, for applications that must not see a password.',
)
const mails = group('Mails', 'Send mails by SMTP, or by a function of your own.')
const testing = group('Testing', 'Act as any user, and move the clock.')
const server = group('The ready server', 'Configure and start the server from a program.')
const metrics = group('Metrics', 'Measure logins and requests for Prometheus.')
const client = group('The client', 'Log in from a browser or from Node, and stay logged in.')

/** In the order of the page. */
export const groups: readonly Group[] = [
  creating,
  guarding,
  users,
  passwords,
  sessions,
  clients,
  keys,
  issuers,
  events,
  endpoints,
  errors,
  stores,
  accounts,
  apiKeys,
  factors,
  hostedLogin,
  mails,
  testing,
  server,
  metrics,
  client,
]

/** The first that a file fits says its chapter. A file that fits none has to be given one here. */
const rules: readonly (readonly [RegExp, Group])[] = [
  [/^core\/errors\.|^stores\/store-error\./, errors],
  [/^stores\/|^core\/([\w-]+\/)?([\w-]+-)?store\./, stores],
  [/^core\/accounts\//, accounts],
  [/^core\/api-keys\//, apiKeys],
  [/^core\/factors\/(?!.*-store\.|factor-record\.)/, factors],
  [/^core\/factors\/factor-record\./, stores],
  [/^hosted-login\/|^(core|http)\/authorization\/(?!.*-store\.)|^pages\/.*login/, hostedLogin],
  [/^mail\/|^core\/mail\//, mails],
  [
    /^core\/(auth|create-access-token|auth-options|clock|compatibility|maintenance|maybe-promise|page|statistics)\./,
    creating,
  ],
  [/^core\/mail\/(kinds|stored-with)\./, stores],
  [/^core\/access\//, creating],
  [/^core\/users\//, users],
  [/^core\/(passwords|throttle)\//, passwords],
  [/^core\/tokens\/external-/, issuers],
  [/^core\/(sessions|tokens)\//, sessions],
  [/^core\/clients\//, clients],
  [/^core\/keys\//, keys],
  [/^(core\/)?issuers\//, issuers],
  [/^core\/events\//, events],
  [/^http\/(guards\/|bearer|refusal|problem|errors-to-answers)/, guarding],
  [/^(http|pages)\//, endpoints],
  [/^web\/(node|oauth-)/, endpoints],
  [/^(fastify|web|hono|express)\//, guarding],
  [/^testing\//, testing],
  [/^server\//, server],
  [/^metrics\//, metrics],
  [/^client\//, client],
]

/** The chapter of what a file of `src` declares, if it has one. */
export function groupOf(file: string): Group | undefined {
  return rules.find(([pattern]) => pattern.test(file))?.[1]
}
