import type { AccessToken } from './access-token.ts'
import type { Client, Clients } from './clients.ts'
import type { KeyRing } from './key-ring.ts'
import { everyPermission } from './scope.ts'

/**
 * Returns the client that a token of the client credentials grant speaks for, or null if the token
 * has ended: the client is removed, has another secret or may not use the grant any more, or the key
 * is retired. Read anew every time.
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
 * What a client may do by itself: the permissions that it is registered with by name. One without a
 * list may be delegated whatever a user may do, and `*` says the same; neither says what it may do
 * without a user, so that is nothing.
 */
export function ownPermissions({ scopes }: Client): readonly string[] {
  return (scopes ?? []).filter((scope) => scope !== everyPermission)
}
