import { ConfigError } from '../core/errors.ts'
import type {
  LinkFunction,
  PermissionMapping,
  RoleMapping,
  TrustedIssuer,
} from '../core/issuers/external-issuer.ts'
import {
  callback,
  flag,
  number,
  type ReadOptions,
  readOptions,
  record,
  required,
  type Shape,
  type ShapesOf,
  text,
  textOrTexts,
  texts,
} from '../core/options.ts'
import type { UserMode } from '../core/tokens/external-subject.ts'
import type { Profile } from './access-token-profile.ts'
import { listOf } from './claims.ts'
import { discoveryUrls } from './discovery.ts'
import { shownUrl, urlProblem } from './json-fetch.ts'
import { asymmetricAlgorithms } from './key-set.ts'
import type { KeyTimes } from './remote-keys.ts'
import { openIssuer } from './token-verifier.ts'

/** The options that every issuer takes. */
export interface IssuerOptions {
  /**
   * How its users are found. `token` makes the user of the claims, with the id `<issuer>|<subject>`.
   * `link` takes the user in the store whom an administrator, or `link`, has linked. `create` creates a
   * user in the store at first sight, with the role that is mapped then. Default `token`.
   */
  readonly users?: UserMode
  /**
   * The provider's names of roles and groups, and the role here that each stands for. Of several the
   * first in this table counts; names that are not in it are ignored. Default none.
   */
  readonly roles?: RoleMapping
  /**
   * The role of a user none of whose roles is in the table. Default: the application's default role.
   * Null refuses such a user.
   */
  readonly defaultRole?: string | null
  /**
   * The provider's scopes and permissions, and the permissions here that each stands for; a list if
   * they are called the same. For users made of tokens they add to what the role grants. For users in
   * the store they narrow it: without them a token delegates all that the role of the user grants. Default none.
   */
  readonly permissions?: PermissionMapping
  /**
   * The same table for machines, where it differs: clients that act for themselves. Default: `permissions`.
   * With `users: 'link'` or `'create'`, give this one alone to leave users all that their role grants.
   */
  readonly clientPermissions?: PermissionMapping
  /**
   * Names the user in the store whom an identity belongs to, for `users: 'link'`; asked once, then
   * the link is kept. Never answer by an e-mail address or a name that the user may have chosen. Default none.
   */
  readonly link?: LinkFunction
  /** The client ids whose tokens are accepted. Default: every client, where the audience says enough. */
  readonly clientId?: string | readonly string[]
  /** The claim that holds the username. Default: the usual one of the provider. */
  readonly usernameClaim?: string
  /** Signature algorithms that are accepted; only ones with a public key. Default: those of the provider. */
  readonly algorithms?: readonly string[]
  /** Where the keys are, for an issuer without metadata. Default: where the metadata says. */
  readonly jwksUri?: string
  /** What the documentation calls it. Default: the name of the provider. */
  readonly name?: string
  /** Accepts http for an issuer on this machine: anybody on it may then pose as the issuer. Default false. */
  readonly allowInsecureLoopback?: boolean
  /**
   * Accepts http for the `jwksUri` if every address of its host is of a private network. It is for a
   * provider whose public URL cannot be reached from inside. Anybody in that network may then pose as
   * the issuer. Default false.
   */
  readonly allowInsecurePrivateJwksUri?: boolean
  /** Seconds after which keys are fetched again, in the background. Default 600. */
  readonly refreshAfter?: number
  /** Seconds between two fetches for unknown keys, and after a fetch that failed. Default 30. */
  readonly cooldown?: number
  /** Seconds for which keys are trusted while they cannot be fetched again. Default 86400 (a day). */
  readonly maxStale?: number
  /** Seconds that a fetch may take. Default 5. */
  readonly fetchTimeout?: number
}

/** Who an issuer is. */
export interface IssuerPlace {
  /** The `iss` of its tokens, a URL. */
  readonly issuer: string
  /** Where its metadata is, if not where its own URL says. */
  readonly discoveryUrls?: readonly string[]
  /** Where its login is, if on another host. */
  readonly loginOrigins?: readonly string[]
  /** The `aud` of its tokens must name one of these. None if the profile checks another claim instead. */
  readonly audience?: readonly string[]
}

const longestTime = 30 * 86400

const permissionMapping: Shape = {
  words: 'a list of permissions, or an object that maps names of the provider to permissions',
  accepts: (value) =>
    texts.accepts(value) ||
    (record.accepts(value) && Object.values(value as object).every(textOrTexts.accepts)),
}

/** What each option of every issuer has to be. */
export const issuerShapes: ShapesOf<IssuerOptions> = {
  users: text,
  roles: record,
  defaultRole: {
    words: 'a text, or null',
    accepts: (value) => value === null || text.accepts(value),
  },
  permissions: permissionMapping,
  clientPermissions: permissionMapping,
  link: callback,
  clientId: textOrTexts,
  usernameClaim: text,
  algorithms: texts,
  jwksUri: text,
  name: text,
  allowInsecureLoopback: flag,
  allowInsecurePrivateJwksUri: flag,
  refreshAfter: number,
  cooldown: number,
  maxStale: number,
  fetchTimeout: number,
}

/**
 * Makes an issuer of a profile: for a provider that none of ours is for.
 *
 * The signature, `iss`, `exp`, `nbf` and the header's `typ` are verified here, and ID tokens are refused by
 * the claims that only they have. Whom a token is for only the profile knows: its `read` must check the
 * audience, or the client where tokens name none.
 *
 * @throws {ConfigError} with every problem of the place, the profile and the options.
 */
export function defineIssuer(
  place: IssuerPlace,
  profile: Profile,
  options: IssuerOptions = {},
): TrustedIssuer {
  const owner = (part: string, example: string) => ({ name: `${part} of defineIssuer`, example })
  const read = readOptions(options, issuerShapes, owner('The options', "{ users: 'token' }"))
  const where = readOptions(place, placeShapes, owner('The place', "{ issuer: 'https://…' }"))
  const who = readOptions(profile, profileShapes, owner('The profile', "{ name: 'Okta', … }"))
  const problems = [...where.problems, ...who.problems, ...read.problems]
  if (who.problems.length > 0) throw new ConfigError(problems)
  return buildIssuer(where.options, who.options, { options: read.options, problems })
}

const profileShapes: ShapesOf<Profile> = {
  name: required(text, 'The profile of defineIssuer needs a name.'),
  algorithms: required(texts, 'The profile of defineIssuer needs algorithms, such as RS256.'),
  types: required(texts, "The profile of defineIssuer needs types, such as 'at+jwt'."),
  read: required(callback, 'The profile of defineIssuer needs a function read.'),
}

const placeShapes: ShapesOf<IssuerPlace> = {
  issuer: text,
  discoveryUrls: texts,
  loginOrigins: texts,
  audience: texts,
}

/**
 * Makes an issuer of options that were read.
 *
 * @param reasons Against the options, beside those that are found here. Default none.
 * @throws {ConfigError} with every problem.
 */
export function buildIssuer(
  { issuer, discoveryUrls: elsewhere, loginOrigins = [], audience = [] }: IssuerPlace,
  profile: Profile,
  { options, problems }: ReadOptions<IssuerOptions>,
  reasons: readonly string[] = [],
): TrustedIssuer {
  const {
    users = 'token',
    roles = {},
    permissions,
    clientPermissions = permissions,
    link,
    defaultRole,
    name = profile.name,
  } = options
  const { algorithms = profile.algorithms, jwksUri, allowInsecureLoopback = false } = options
  const { allowInsecurePrivateJwksUri = false } = options
  const times: KeyTimes = {
    refreshAfter: options.refreshAfter ?? 600,
    cooldown: options.cooldown ?? 30,
    maxStale: options.maxStale ?? 86400,
  }
  const fetchTimeout = options.fetchTimeout ?? 5
  const found = [
    ...reasons,
    ...issuerUrlProblems(issuer, allowInsecureLoopback),
    ...optionProblems(options, algorithms, allowInsecureLoopback),
    ...timeProblems({ ...times, fetchTimeout }),
  ]
  const all = [...problems, ...found.map((reason) => `${profile.name}: ${reason}`)]
  if (all.length > 0) throw new ConfigError(all)

  const urls = elsewhere ?? discoveryUrls(issuer)
  return Object.freeze<TrustedIssuer>({
    issuer,
    name,
    users,
    roles,
    defaultRole,
    permissions,
    clientPermissions,
    audience,
    link,
    discoveryUrl: urls[0] ?? '',
    loginOrigins,
    open: (clock, report) =>
      openIssuer({
        issuer,
        profile: { ...profile, algorithms },
        clientIds: listOf(options.clientId),
        usernameClaim: options.usernameClaim,
        discoveryUrls: urls,
        jwksUri,
        allowInsecureLoopback,
        allowInsecurePrivateJwksUri,
        times,
        fetchTimeout,
        clock,
        report,
      }),
  })
}

function issuerUrlProblems(issuer: string, allowInsecureLoopback: boolean): readonly string[] {
  if (typeof issuer !== 'string' || issuer === '') return ['the issuer is missing.']
  const problem = urlProblem(issuer, allowInsecureLoopback)
  // Behind a bar the subject begins in the ids of users that are made of tokens.
  const isPlain = !/[?#|\s]/.test(issuer)
  if (problem === null && isPlain) return []
  return [`the issuer ${shownUrl(issuer)} ${problem ?? 'must have no query, bar or space'}.`]
}

function optionProblems(
  { users, link, jwksUri, clientId, roles, allowInsecurePrivateJwksUri }: IssuerOptions,
  algorithms: readonly string[],
  allowInsecureLoopback: boolean,
): readonly string[] {
  const problems: string[] = []
  const wrong = algorithms.filter((algorithm) => !asymmetricAlgorithms.includes(algorithm))
  if (wrong.length > 0 || algorithms.length === 0) {
    problems.push(`the algorithms must be of: ${asymmetricAlgorithms.join(', ')}.`)
  }
  if (users !== undefined && !['token', 'link', 'create'].includes(users)) {
    problems.push('users must be one of: token, link, create.')
  }
  if (link !== undefined && users !== 'link') problems.push("link needs users: 'link'.")
  if (allowInsecurePrivateJwksUri && jwksUri === undefined) {
    problems.push('allowInsecurePrivateJwksUri needs a jwksUri.')
  }
  const jwksProblem =
    jwksUri === undefined
      ? null
      : urlProblem(jwksUri, allowInsecureLoopback, allowInsecurePrivateJwksUri)
  if (jwksProblem !== null) problems.push(`the jwksUri ${jwksProblem}.`)
  if (listOf(clientId).includes('')) problems.push('the clientId must not be empty.')
  const targets = Object.values(Object(roles)) as unknown[]
  if (!targets.every((role) => typeof role === 'string')) {
    problems.push('roles must map names of the provider to roles of this application.')
  }
  return problems
}

function timeProblems(times: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(times).flatMap(([name, value]) =>
    Number.isSafeInteger(value) && value >= 1 && value <= longestTime
      ? []
      : [`${name} must be a whole number of seconds from 1 to ${longestTime}.`],
  )
}

/** The problem of an option that must be there and is not. */
export function missing(name: string, value: string | readonly string[] | undefined): string[] {
  const isThere = listOf(value).length > 0 && listOf(value).every((each) => each !== '')
  return isThere ? [] : [`the ${name} is missing.`]
}
