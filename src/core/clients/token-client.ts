import { everyPermission, narrowScopes } from '../access/scope.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import type { User } from '../users/user.ts'
import type { UserFields } from '../users/user-fields.ts'
import type { Client, Clients } from './clients.ts'

/** A client that acts for itself, as a guard gives it. */
export interface CallingClient {
  /** Its id; `<issuer>|<client id>` for a client of another issuer, which no id of ours can be. */
  readonly id: string
  /** For people to read. */
  readonly name: string
  /** What it may do today with this token. Never `*`. */
  readonly permissions: readonly string[]
}

/** The caller: a user, or a client that acts for itself. */
export type Caller<Fields extends UserFields = UserFields> =
  | { readonly kind: 'user'; readonly user: User<Fields> }
  | { readonly kind: 'client'; readonly client: CallingClient }

/** The client of a verified token, ours or another issuer's; null if the token has ended. */
export async function findCallingClient(
  own: { readonly clients: Clients; readonly keys: KeyRing } | undefined,
  token: AccessToken,
): Promise<CallingClient | null> {
  if (token.external) {
    const { iss, client_id: name } = token.claims
    return { id: `${iss}|${name}`, name, permissions: token.scopes }
  }
  const client = own === undefined ? null : await findClientOfToken(own, token)
  if (client === null) return null
  const { id, name } = client
  return { id, name, permissions: narrowScopes(ownPermissions(client), token.scopes) }
}

/**
 * Returns the client that a token of the client credentials grant speaks for, or null if the token
 * has ended: the client is removed, has a new secret or has lost the grant, or the token's key
 * is retired. Asks the store on every call.
 */
export async function findClientOfToken(
  { clients, keys }: { readonly clients: Clients; readonly keys: KeyRing },
  { claims: { client_id, client_stamp }, keyId }: AccessToken,
): Promise<Client | null> {
  if (client_stamp === undefined) return null
  const found = await clients.findByStamp(client_id, client_stamp)
  if (!found?.client.grants.includes('client_credentials')) return null
  // Another process may have retired the key since it was loaded here.
  await keys.follow(found.keysVersion)
  return keys.find(keyId) ? found.client : null
}

/**
 * The permissions of a client that acts for itself: those that its registration names. A client without
 * a list, or with `*`, may be delegated everything that a user may do. Neither names a permission of its
 * own, so without a user such a client may do nothing.
 */
export function ownPermissions({ scopes }: Client): readonly string[] {
  return (scopes ?? []).filter((scope) => scope !== everyPermission)
}
