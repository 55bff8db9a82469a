import { everyPermission, formatScope } from '../access/scope.ts'
import { ClientError } from '../errors.ts'
import {
  type BrowserClient,
  type BrowserClientRecord,
  browserClientMembers,
  toBrowserClientRecord,
  webUris,
} from './browser-client.ts'
import type { ClientRecord } from './client-store.ts'
import { haveGrantFor } from './grants.ts'
import { clientProblems, type NewClient } from './registration.ts'

/**
 * Changes to a registered client. Default of each: it stays as it is. A list is all that there is from now on,
 * and null takes away what need not be there.
 */
export interface ClientChanges extends BrowserClientChanges {
  /** For people to read. */
  readonly name?: string
  /** All grants that it may use from now on. */
  readonly grants?: readonly string[]
  /** All permissions that it may have from now on; null for no list, as if none had been named. */
  readonly scopes?: readonly string[] | null
  /** Whether it may introspect tokens from now on. */
  readonly introspect?: boolean
}

/** Changes to what a client is registered with for logins by browser. */
export type BrowserClientChanges = {
  readonly [K in keyof BrowserClient]: BrowserClientRecord[K]
}

/** The record with the changes. @throws {ClientError} `client_invalid` if there can be no such client. */
export function applyChanges(before: ClientRecord, changes: ClientChanges): ClientRecord {
  const { name = before.name, introspect = before.introspect } = changes
  const { grants = before.grants, scopes = before.scopes } = changes
  const browser = changedMembers(before, changes)
  const { id, secretHash } = before
  const described = { id, name, grants, introspect, ...withoutAbsent({ ...browser, scopes }) }
  const problems = clientProblems(described, secretHash !== null)
  if (problems.length > 0) throw new ClientError('client_invalid', problems)
  return Object.freeze({
    ...before,
    name,
    grants: [...new Set(grants)],
    scopes: scopes && [...new Set(scopes)],
    introspect,
    ...toBrowserClientRecord(browser),
  })
}

function changedMembers(before: ClientRecord, changes: ClientChanges): BrowserClientRecord {
  const names = browserClientMembers
  const values = names.map((name) => [
    name,
    changes[name] === undefined ? before[name] : changes[name],
  ])
  return Object.fromEntries(values) as BrowserClientRecord
}

/** The members but for those that are null and may be. */
function withoutAbsent(
  members: BrowserClientRecord & Pick<ClientRecord, 'scopes'>,
): Omit<NewClient, 'id'> {
  const optional = new Set<string>(['scopes', 'tokenEndpointAuthMethod', ...webUris])
  const entries = Object.entries(members)
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== null || !optional.has(name)),
  )
}

/** What differs, in words for the event; null if nothing does. */
export function changesBetween(
  before: ClientRecord,
  after: ClientRecord,
): Readonly<Record<string, string | boolean>> | null {
  const [was, is] = [inWords(before), inWords(after)]
  const changed = Object.entries(is).filter(([key, value]) => was[key] !== value)
  return changed.length === 0 ? null : Object.fromEntries(changed)
}

/** By the names of RFC 7591 §2. */
function inWords(client: ClientRecord): Readonly<Record<string, string | boolean>> {
  return {
    name: client.name,
    grants: client.grants.join(' '),
    scopes: client.scopes === null ? 'not limited' : formatScope(client.scopes),
    introspect: client.introspect,
    redirect_uris: client.redirectUris.join(' '),
    post_logout_redirect_uris: client.postLogoutRedirectUris.join(' '),
    first_party: client.firstParty,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod ?? 'any',
    pkce: client.pkce,
    logo_uri: client.logoUri ?? 'none',
    client_uri: client.clientUri ?? 'none',
    policy_uri: client.policyUri ?? 'none',
    tos_uri: client.tosUri ?? 'none',
    backchannel_logout_uri: client.backchannelLogoutUri ?? 'none',
  }
}

/**
 * True if earlier logins may hold something that the client has lost: the grant that they used, a scope, the
 * redirect URI that they came back to, or the trust that its users were not asked. The client's own tokens are
 * checked on every request, so they need not be ended.
 */
export function takesFromLogins(before: ClientRecord, after: ClientRecord): boolean {
  const lost = before.grants.filter((grant) => !after.grants.includes(grant))
  if (haveGrantFor('user', lost)) return true
  if (before.redirectUris.some((uri) => !after.redirectUris.includes(uri))) return true
  if (before.firstParty && !after.firstParty) return true
  const may = after.scopes
  if (may === null || may.includes(everyPermission)) return false
  return before.scopes === null || before.scopes.some((scope) => !may.includes(scope))
}
