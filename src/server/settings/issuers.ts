import type { Roles } from '../../core/access/roles.ts'
import { ConfigError } from '../../core/errors.ts'
import type { TrustedIssuer } from '../../core/issuers/external-issuer.ts'
import { issuerProblems } from '../../core/issuers/resource-server.ts'
import { type Auth0Options, auth0 } from '../../issuers/auth0.ts'
import { type CognitoOptions, cognito } from '../../issuers/cognito.ts'
import { type EntraOptions, entra } from '../../issuers/entra.ts'
import { type KeycloakOptions, keycloak } from '../../issuers/keycloak.ts'
import { type Rfc9068Options, rfc9068 } from '../../issuers/rfc9068.ts'

/** The kinds of a JSON value that a member may have. */
type Kind = 'text' | 'texts' | 'number' | 'boolean' | 'table' | 'role' | 'permissions'

const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): boolean =>
  isText(value) || (Array.isArray(value) && value.every(isText))
const isTable = (value: unknown, holds: (member: unknown) => boolean): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(holds)

const kinds: Readonly<Record<Kind, readonly [string, (value: unknown) => boolean]>> = {
  text: ['a text', isText],
  texts: ['a text or a list of texts', isTexts],
  number: ['a number', (value) => typeof value === 'number'],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  table: ['an object of texts', (value) => isTable(value, isText)],
  role: ['a text or null', (value) => value === null || isText(value)],
  permissions: [
    'a list of texts, or an object of texts or lists of texts',
    (value) => (Array.isArray(value) && value.every(isText)) || isTable(value, isTexts),
  ],
}

const members: Readonly<Record<string, Kind>> = {
  users: 'text',
  roles: 'table',
  defaultRole: 'role',
  permissions: 'permissions',
  clientPermissions: 'permissions',
  clientId: 'texts',
  usernameClaim: 'text',
  algorithms: 'texts',
  jwksUri: 'text',
  name: 'text',
  allowInsecureLoopback: 'boolean',
  allowInsecurePrivateJwksUri: 'boolean',
  refreshAfter: 'number',
  cooldown: 'number',
  maxStale: 'number',
  fetchTimeout: 'number',
}

interface ProfileSettings {
  readonly members: Readonly<Record<string, Kind>>
  make(options: Readonly<Record<string, unknown>>): TrustedIssuer
}

// The members were held to their kinds before; what is missing each profile says itself.
const profiles: Readonly<Record<string, ProfileSettings>> = {
  auth0: {
    members: { domain: 'text', issuer: 'text', audience: 'texts', rolesClaim: 'text' },
    make: (options) => auth0(options as unknown as Auth0Options),
  },
  cognito: {
    members: { region: 'text', userPoolId: 'text', issuer: 'text', domain: 'text' },
    make: (options) => cognito(options as unknown as CognitoOptions),
  },
  entra: {
    members: { tenantId: 'text', audience: 'texts', version: 'number' },
    make: (options) => entra(options as unknown as EntraOptions),
  },
  keycloak: {
    members: { issuer: 'text', audience: 'texts' },
    make: (options) => keycloak(options as unknown as KeycloakOptions),
  },
  rfc9068: {
    members: { issuer: 'text', audience: 'texts' },
    make: (options) => rfc9068(options as unknown as Rfc9068Options),
  },
}

const example =
  '[{"profile":"keycloak","issuer":"https://sso.example.com/realms/staff","audience":"api"}]'

/**
 * Reads the issuers of a configuration: a JSON list with an object for each, whose `profile` is one of
 * ours and whose other members are that profile's options. Problems are added to the list, each with
 * the place of its issuer.
 */
export function parseIssuers(
  text: string | undefined,
  own: string,
  roles: Roles | undefined,
  problems: string[],
): readonly TrustedIssuer[] {
  if (text === undefined) return []
  const entries = parseList(text)
  if (entries === null) {
    problems.push(`ISSUERS must be a JSON list of objects such as ${example}.`)
    return []
  }
  const issuers = entries.flatMap((entry, index) => readEntry(entry, `ISSUERS[${index}]`, problems))
  problems.push(...issuerProblems(issuers, roles, own).map((problem) => `ISSUERS: ${problem}`))
  return issuers
}

function parseList(text: string): readonly object[] | null {
  try {
    const list: unknown = JSON.parse(text)
    const isList = Array.isArray(list) && list.every((entry) => isTable(entry, () => true))
    return isList ? list : null
  } catch {
    return null
  }
}

function readEntry(entry: object, place: string, problems: string[]): readonly TrustedIssuer[] {
  const { profile: name, ...options } = entry as Readonly<Record<string, unknown>>
  const profile = isText(name) && Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile === undefined) {
    problems.push(`${place}: profile must be one of: ${Object.keys(profiles).join(', ')}.`)
    return []
  }
  const known: Readonly<Record<string, Kind>> = { ...members, ...profile.members }
  const wrong = Object.entries(options).flatMap(([member, value]) => {
    const kind = Object.hasOwn(known, member) ? known[member] : undefined
    if (kind === undefined) {
      return [`${place}: ${member} is unknown; known are ${Object.keys(known).sort().join(', ')}.`]
    }
    const [description, fits] = kinds[kind]
    return fits(value) ? [] : [`${place}: ${member} must be ${description}.`]
  })
  if (wrong.length > 0) {
    problems.push(...wrong)
    return []
  }
  try {
    return [profile.make(options)]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    problems.push(...error.problems.map((problem) => `${place}: ${problem}`))
    return []
  }
}
