import { everyPermission, formatScope } from '../access/scope.ts'
import { ClientError } from '../errors.ts'
import type { ClientRecord } from './client-store.ts'
import { haveGrantFor } from './grants.ts'
import { clientProblems } from './registration.ts'

/** Changes to a registered client. Default of each: it stays as it is. */
export interface ClientChanges {
  /** For people to read. */
  readonly name?: string
  /** All grants that it may use from now on. */
  readonly grants?: readonly string[]
  /** All permissions that it may have from now on; null for no list, as if none had been named. */
  readonly scopes?: readonly string[] | null
  /** Whether it may introspect tokens from now on. */
  readonly introspect?: boolean
}

/** The record with the changes. @throws {ClientError} `client_invalid` if there can be no such client. */
export function applyChanges(before: ClientRecord, changes: ClientChanges): ClientRecord {
  const { name = before.name, introspect = before.introspect } = changes
  const { grants = before.grants, scopes = before.scopes } = changes
  const { id, secretHash } = before
  const described = { id, name, grants, introspect, ...(scopes !== null && { scopes }) }
  const problems = clientProblems(described, secretHash !== null)
  if (problems.length > 0) throw new ClientError('client_invalid', problems)
  return Object.freeze({
    ...before,
    name,
    grants: [...new Set(grants)],
    scopes: scopes && [...new Set(scopes)],
    introspect,
  })
}

/** What differs, in words for the event; null if nothing does. */
export function changesBetween(
  before: ClientRecord,
  after: ClientRecord,
): Readonly<Record<string, string | boolean>> | null {
  const [was, is] = [before, after].map(({ name, grants, scopes, introspect }) => ({
    name,
    grants: grants.join(' '),
    scopes: scopes === null ? 'not limited' : formatScope(scopes),
    introspect,
  })) as [Described, Described]
  const changed = Object.entries(is).filter(([key, value]) => was[key as keyof Described] !== value)
  return changed.length === 0 ? null : Object.fromEntries(changed)
}

interface Described {
  readonly name: string
  readonly grants: string
  readonly scopes: string
  readonly introspect: boolean
}

/**
 * True if earlier logins may hold something that the client has lost: the grant that they used, or a
 * scope. The client's own tokens are checked on every request, so they need not be ended.
 */
export function takesFromLogins(before: ClientRecord, after: ClientRecord): boolean {
  const lost = before.grants.filter((grant) => !after.grants.includes(grant))
  if (haveGrantFor('user', lost)) return true
  const may = after.scopes
  if (may === null || may.includes(everyPermission)) return false
  return before.scopes === null || before.scopes.some((scope) => !may.includes(scope))
}
