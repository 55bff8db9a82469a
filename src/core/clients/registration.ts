import { createHash } from 'node:crypto'
import { scopeMaxLength } from '../access/roles.ts'
import { everyPermission, formatScope, isScopeToken } from '../access/scope.ts'
import {
  type BrowserClient,
  browserClientProblems,
  toBrowserClientRecord,
} from './browser-client.ts'
import type { ClientRecord } from './client-store.ts'
import {
  defaultBrowserGrants,
  defaultGrants,
  grantNames,
  haveGrantFor,
  isGrantName,
} from './grants.ts'

/** The client of a request that names none: the application's own front ends (RFC 6749 §2.1, public). */
export const firstPartyClientId = 'first-party'

/** The client of the sessions of browsers at the login pages. No registered id may have a colon. */
export const browserClientId = 'portcullis:browser'

/** The client of the page that documents the API, and logs in by browser there. */
export const docsClientId = 'portcullis:docs'

/** What a client is registered with. */
export interface NewClient extends BrowserClient {
  /** Printable ASCII without spaces and colons, 100 characters at most, and no UUID. */
  readonly id: string
  /** For people to read. Default: the id. */
  readonly name?: string
  /**
   * Default `['password', 'refresh_token']`, and with `redirectUris` `['authorization_code', 'refresh_token']`;
   * none for one that only introspects.
   */
  readonly grants?: readonly string[]
  /**
   * The permissions that it may be delegated. Default: all that the role of the user grants; for
   * `client_credentials`, where there is no user, none.
   */
  readonly scopes?: readonly string[]
  /** May ask whether tokens are good (RFC 7662). Default: true if it is confidential. */
  readonly introspect?: boolean
}

const nameMaxLength = 200

/** True if a text may be the id of a client (RFC 6749 appendix A.1, and no colon: RFC 7617 §2). */
export function isClientId(text: string): boolean {
  return /^[\x21-\x39\x3b-\x7e]{1,100}$/.test(text)
}

/** Every reason against a registration, one sentence each. Nothing here needs to have its type. */
export function clientProblems(client: NewClient, confidential: boolean): readonly string[] {
  const { id, name, grants, scopes, introspect } = client as { [K in keyof NewClient]: unknown }
  if (typeof id !== 'string' || !isClientId(id)) {
    return ['A client id must have 1 to 100 printable ASCII characters, without spaces and colons.']
  }
  const title = `client ${JSON.stringify(id)}`
  const problems: string[] = []
  // The `sub` of a token must not say a user where it means a client (RFC 9068 §5).
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) {
    problems.push(`The ${title} must not be a UUID, as the ids of users are.`)
  }
  if (id === firstPartyClientId) {
    problems.push(`The ${title} is built in: choose another id.`)
  }
  if (name !== undefined && !isName(name)) {
    problems.push(
      `The name of the ${title} must have 1 to ${nameMaxLength} characters, none of them a control character.`,
    )
  }
  if (grants !== undefined && !isListOf(grants, isGrantName)) {
    problems.push(`The grants of the ${title} must be a list of: ${grantNames.join(', ')}.`)
  }
  if (scopes !== undefined && !isListOf(scopes, isScopeToken)) {
    problems.push(
      `The scopes of the ${title} must be a list of printable ASCII without spaces, quotes or backslashes.`,
    )
  } else if (scopes !== undefined && formatScope(scopes).length > scopeMaxLength) {
    problems.push(`The scopes of the ${title} take more than ${scopeMaxLength} characters.`)
  }
  if (Array.isArray(grants) && haveGrantFor('client', grants)) {
    // RFC 6749 §4.4: anybody who knows the id of a public client could act as that client.
    if (!confidential) {
      problems.push(`The ${title} must have a secret for the grant client_credentials.`)
    }
    if (Array.isArray(scopes) && scopes.includes(everyPermission)) {
      problems.push(
        `The ${title} must name its scopes: no machine gets "*" with the grant client_credentials.`,
      )
    }
  }
  if (introspect !== undefined && typeof introspect !== 'boolean') {
    problems.push(`"introspect" of the ${title} must be true or false.`)
  } else if (introspect && !confidential) {
    problems.push(`The ${title} must have a secret to introspect tokens.`)
  }
  problems.push(...browserClientProblems(client, title, confidential))
  const { redirectUris = [] } = client
  const isNowhere = Array.isArray(redirectUris) && redirectUris.length === 0
  if (isNowhere && Array.isArray(grants) && grants.includes('authorization_code')) {
    problems.push(`The ${title} must have a redirect URI for the grant authorization_code.`)
  }
  return problems
}

/** The record of a registration that has no problems. */
export function toClientRecord(
  client: NewClient,
  secret: string | null,
  createdAt: number,
): ClientRecord {
  const { id, name = id, scopes, introspect } = client
  const { grants = client.redirectUris?.length ? defaultBrowserGrants : defaultGrants } = client
  return Object.freeze({
    id,
    name,
    secretHash: secret === null ? null : hashSecret(secret).toString('base64url'),
    grants: [...new Set(grants)],
    scopes: scopes ? [...new Set(scopes)] : null,
    introspect: introspect ?? secret !== null,
    createdAt,
    ...toBrowserClientRecord(client),
  })
}

/** The built-in clients that are there where people log in by browser. */
export const hostedClientIds: readonly string[] = [browserClientId, docsClientId]

/** True for a client that nobody registers. */
export function isBuiltIn(id: string): boolean {
  return id === firstPartyClientId || hostedClientIds.includes(id)
}

/** The built-in clients. @param hostedAt The issuer whose login pages there are; null without any. */
export function builtInClients(hostedAt: string | null): readonly ClientRecord[] {
  const firstParty = { id: firstPartyClientId, firstParty: true }
  if (hostedAt === null) return [toClientRecord(firstParty, null, 0)]
  const browser = { id: browserClientId, name: 'Login pages', grants: [], firstParty: true }
  const docs: NewClient = {
    id: docsClientId,
    name: 'API documentation',
    // No refresh token: the page keeps what it has in its memory.
    grants: ['authorization_code'],
    redirectUris: [`${hostedAt.replace(/\/$/, '')}/docs/oauth2-redirect.html`],
    firstParty: true,
    tokenEndpointAuthMethod: 'none',
  }
  return [firstParty, browser, docs].map((client) => toClientRecord(client, null, 0))
}

/**
 * The digest of a client's secret that is stored. The hash is fast: a slow one protects passwords that
 * can be guessed, but 256 random bits cannot be. Here a slow one would only delay every request.
 */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && /^\P{Cc}+$/u.test(value) && value.length <= nameMaxLength
}

function isListOf(value: unknown, accepts: (text: string) => boolean): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && accepts(each))
}
