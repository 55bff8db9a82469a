import { isDeepStrictEqual } from 'node:util'
import type { ClientRecord, ClientStore } from '../../core/clients/client-store.ts'
import { ConflictError } from '../../core/errors.ts'
import type { AddEvent } from './events.ts'

/** Clients in memory. */
export interface MemoryClients extends ClientStore {
  read(id: string): ClientRecord | null
}

export function createMemoryClients(
  addEvent: AddEvent,
  forgetClient: (id: string) => void,
): MemoryClients {
  const byId = new Map<string, ClientRecord>()
  const read = (id: string): ClientRecord | null => byId.get(id) ?? null
  return {
    read,
    list: async () => [...byId.values()],
    find: async (id) => read(id),
    isEmpty: async () => byId.size === 0,
    async create(client, event) {
      if (byId.has(client.id)) throw new ConflictError('client_taken')
      byId.set(client.id, Object.freeze({ ...client }))
      addEvent(event)
    },
    async replace(before, after, event) {
      if (!isDeepStrictEqual(byId.get(before.id), before)) return false
      byId.set(before.id, Object.freeze({ ...after }))
      addEvent(event)
      return true
    },
    async replaceSecretHash(id, secretHash, event) {
      const client = byId.get(id)
      if (client === undefined || client.secretHash === null) return false
      byId.set(id, Object.freeze({ ...client, secretHash }))
      addEvent(event)
      return true
    },
    async remove(id, event) {
      const removed = byId.delete(id)
      if (!removed) return false
      forgetClient(id)
      addEvent(event)
      return true
    },
  }
}
