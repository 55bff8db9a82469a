import { createPermissions, describedProblems, type Permissions } from '../access/permissions.ts'
import { createRoles, type RoleMap, type Roles } from '../access/roles.ts'
import { type Clock, systemClock } from '../clock.ts'
import { type Compatibility, compatibilityShape, readCompatibility } from '../compatibility.ts'
import { ConfigError } from '../errors.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import {
  anything,
  attempt,
  callback,
  havingMethod,
  readOptions,
  record,
  required,
  type Shape,
  type ShapesOf,
  text,
} from '../options.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { claimMappingProblems, permissionsOfTable } from './claim-mapping.ts'
import type { TrustedIssuer } from './external-issuer.ts'
import { createIssuers, type Issuers } from './issuers.ts'

/**
 * The security of an application that has no users of its own and only verifies the tokens of
 * others. Guards take it as they take an `Auth`, which has all of it and more.
 */
export interface ResourceServer {
  /** The roles and what each grants. */
  readonly roles: Roles
  /** Every permission that exists. */
  readonly permissions: Permissions
  /** Verifies tokens of the issuers. */
  readonly accessTokens: {
    /** @throws {UnavailableError} if the keys of the issuer are not known and cannot be fetched. */
    verify(token: string): MaybePromise<AccessToken | null>
  }
  /** The issuers and their state. */
  readonly issuers: Issuers
  /** The system whose HTTP answers ours are like; null for those of the standards. */
  readonly compatibility: Compatibility | null
  /** Seconds since 1970, as the guards see them. */
  readonly clock: Clock
  /** Ends fetches that are under way. Nothing else keeps a process alive. */
  close(): Promise<void>
}

/** What `createResourceServer` takes. */
export interface ResourceServerOptions {
  /** At least one, each with `users: 'token'`. */
  readonly issuers: readonly TrustedIssuer[]
  /** The roles, and the permissions that each grants. Default `{ admin: ['*'], member: [] }`. */
  readonly roles?: RoleMap
  /** The role of a user none of whose roles is mapped. Default `member` if there is one, else the last role. */
  readonly defaultRole?: string
  /** Permissions with a sentence each, for the documentation. Default none. */
  readonly permissions?: Readonly<Record<string, string>>
  /** Answer over HTTP as FastAPI's security tutorials do: see `AuthOptions`. Default none. */
  readonly compatibility?: 'fastapi' | Compatibility
  /** What time it is, in seconds since 1970. Default: the wall clock. */
  readonly clock?: Clock
}

const isIssuer = havingMethod('open', 'an issuer')

/** Issuers that `keycloak` and the others made. */
export const trustedIssuers: Shape = {
  words: 'a list of issuers, such as [keycloak({ … })] of portcullis/issuers',
  accepts: (value) => Array.isArray(value) && value.every(isIssuer.accepts),
}

/** What the options have to be that `createAuth` takes too. */
export const commonShapes: ShapesOf<Omit<ResourceServerOptions, 'issuers'>> = {
  roles: { ...record, words: "an object such as { admin: ['*'], member: [] }" },
  defaultRole: text,
  // Judged by describedProblems.
  permissions: anything,
  compatibility: compatibilityShape,
  clock: { ...callback, words: 'a function that returns seconds since 1970' },
}

const shapes: ShapesOf<ResourceServerOptions> = {
  issuers: required(trustedIssuers, `The option issuers is missing: pass ${trustedIssuers.words}.`),
  ...commonShapes,
}

/**
 * Makes a resource server. Fetches nothing yet: the first request that needs a key does.
 *
 * @throws {ConfigError} with every problem of the options.
 */
export function createResourceServer(given: ResourceServerOptions): ResourceServer {
  const owner = { name: 'createResourceServer', example: '{ issuers: [keycloak({ … })] }' }
  const { options, problems } = readOptions(given, shapes, owner)
  const { issuers: trusted = [], clock = systemClock } = options
  const roles = attempt(problems, () => createRoles(options.roles))
  problems.push(...describedProblems(options.permissions), ...issuerProblems(trusted, roles))
  if (options.issuers?.length === 0) problems.push('A resource server needs at least one issuer.')
  const defaultRole = options.defaultRole ?? (roles ? defaultRoleOf(roles) : '')
  if (roles && !roles.names.includes(defaultRole)) {
    problems.push(`The default role must be one of: ${roles.names.join(', ')}.`)
  }
  for (const { issuer, users } of trusted) {
    if (users !== 'token') {
      problems.push(
        `The issuer ${issuer} needs users: 'token': there is no store to keep users in.`,
      )
    }
  }
  if (problems.length > 0 || !roles) throw new ConfigError(problems)

  const issuers = createIssuers({ trusted, roles, defaultRole, clock })
  return {
    roles,
    permissions: createPermissions(options.permissions ?? {}, grantable(roles, trusted)),
    accessTokens: {
      verify: (token) => issuers.verify(token) ?? null,
    },
    issuers,
    compatibility: readCompatibility(options.compatibility),
    clock,
    close: async () => issuers.close(),
  }
}

/** The permissions that roles grant, and the tables of other issuers. */
export function grantable(roles: Roles, trusted: readonly TrustedIssuer[]): readonly string[] {
  return [
    ...roles.names.flatMap((role) => roles.permissionsOf(role)),
    ...trusted.flatMap(({ permissions, clientPermissions }) =>
      [permissions, clientPermissions].flatMap(permissionsOfTable),
    ),
  ]
}

/** The role of users for whom none is named. */
export function defaultRoleOf(roles: Roles): string {
  return roles.names.includes('member') ? 'member' : (roles.names.at(-1) ?? '')
}

/** Every reason against a list of issuers beside our own. */
export function issuerProblems(
  trusted: readonly TrustedIssuer[],
  roles: Roles | undefined,
  own?: string,
): readonly string[] {
  const problems: string[] = []
  const seen = new Set(own === undefined ? [] : [own])
  for (const definition of trusted) {
    const { issuer, defaultRole } = definition
    if (seen.has(issuer)) {
      problems.push(
        `The issuer ${issuer} is named twice${issuer === own ? ', as our own and as another' : ''}.`,
      )
    }
    seen.add(issuer)
    if (!roles) continue
    const wrong = claimMappingProblems(definition, defaultRole, roles)
    problems.push(...wrong.map((reason) => `The issuer ${issuer} ${reason}`))
  }
  return problems
}
