import { isDeepStrictEqual } from 'node:util'
import { aMoment, type Fault, on } from './fault.ts'

/** Faults of clients. */
export const clients: Readonly<Record<string, Fault>> = {
  'clients.create replaces who is there': on('clients', ({ create, remove }) => ({
    async create(client, event) {
      await remove(client.id)
      await create(client, event)
    },
  })),
  'clients.replace replaces another than was read': on('clients', (port) => ({
    async replace(before, after, event) {
      const client = await port.find(before.id)
      return client !== null && (await port.replace(client, after, event))
    },
  })),
  'clients.replace looks, and replaces a moment later': on('clients', (port) => ({
    async replace(before, after, event) {
      if (!isDeepStrictEqual(await port.find(before.id), before)) return false
      await aMoment()
      const client = await port.find(before.id)
      return client !== null && (await port.replace(client, after, event))
    },
  })),
  ...Object.fromEntries(
    (['name', 'secretHash', 'grants', 'scopes', 'introspect'] as const).map((member) => [
      `clients.replace does not compare ${member}`,
      on('clients', (port) => ({
        async replace(before, after, event) {
          const client = await port.find(before.id)
          const seen = { ...before, ...(client && { [member]: client[member] }) }
          return await port.replace(seen, after, event)
        },
      })),
    ]),
  ),
  'clients.replaceSecretHash gives a public client a secret': on('clients', (port) => ({
    async replaceSecretHash(id, secretHash, event) {
      const client = await port.find(id)
      return client !== null && (await port.replace(client, { ...client, secretHash }, event))
    },
  })),
  'clients.replaceSecretHash replaces those of all': on('clients', (port) => ({
    async replaceSecretHash(id, secretHash, event) {
      for (const each of await port.list()) await port.replaceSecretHash(each.id, secretHash)
      return await port.replaceSecretHash(id, secretHash, event)
    },
  })),
  'clients.remove removes all': on('clients', (port) => ({
    async remove(id, event) {
      for (const each of await port.list()) if (each.id !== id) await port.remove(each.id)
      return await port.remove(id, event)
    },
  })),
  'clients.list leaves out the newest': on('clients', ({ list }) => ({
    list: async () => (await list()).slice(0, -1),
  })),
  'clients.isEmpty is always so': on('clients', () => ({ isEmpty: async () => true })),
}
