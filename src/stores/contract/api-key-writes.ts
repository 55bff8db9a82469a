import type { Having } from './optional.ts'
import { addUser, anApiKey } from './records.ts'
import type { Write } from './writes.ts'

type KeyStore = Having<'apiKeys'>

/** One call of each write of API keys that takes an event, by name. Of many at once each changes something once. */
export function apiKeyWritesOf(): Readonly<
  Record<string, (store: KeyStore) => Promise<Write<KeyStore>>>
> {
  return {
    'apiKeys.create': async (store) => {
      const user = await addUser(store)
      const condition = { securityStamp: user.securityStamp, most: 1 }
      return ({ apiKeys }, event) => apiKeys.create(anApiKey(user), condition, { event })
    },
    'apiKeys.remove': async (store) => {
      const { userId, id } = await aStoredKey(store)
      return ({ apiKeys }, event) => apiKeys.remove(userId, id, { event })
    },
    'apiKeys.tellExpiry': async (store) => {
      const { id } = await aStoredKey(store)
      return ({ apiKeys }, event) => apiKeys.tellExpiry(id, { event })
    },
  }
}

async function aStoredKey(store: KeyStore): Promise<ReturnType<typeof anApiKey>> {
  const user = await addUser(store)
  const key = anApiKey(user)
  await store.apiKeys.create(key, { securityStamp: user.securityStamp, most: 1 })
  return key
}
