import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { ClientRecord } from '../../core/clients/client-store.ts'
import type { Store } from '../../core/store.ts'
import { aClient, conflict, type Stores } from './records.ts'

/** What a store keeps of clients. */
export function clientsContract(stores: Stores): void {
  describe('clients', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    test('there are none, and then some, in the other process too', async () => {
      for (const { id } of await store.clients.list()) await store.clients.remove(id)
      assert.equal(await store.clients.isEmpty(), true)
      const client = aClient()
      await store.clients.create(client)
      assert.equal(await other.clients.isEmpty(), false)
      await store.clients.remove(client.id)
      assert.equal(await other.clients.isEmpty(), true)
    })

    test('a client is read as it was written, by id and in the list', async () => {
      for (const changes of [
        {},
        { secretHash: null, introspect: false },
        { scopes: null, grants: [] },
        { scopes: [], id: "!' or 1=1 --~" },
      ]) {
        const client = aClient(changes)
        await store.clients.create(client)
        assert.deepEqual(await other.clients.find(client.id), client)
        const listed = (await other.clients.list()).filter(({ id }) => id === client.id)
        assert.deepEqual(listed, [client])
      }
    })

    test('an id is taken once, of 20 at the same time', async () => {
      const { id } = aClient()
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? store : other).clients.create(aClient({ id })),
        ),
      )
      const refused = results.filter((result) => result.status === 'rejected')
      assert.equal(refused.length, 19)
      for (const { reason } of refused) assert.ok(conflict('client_taken')(reason))
    })

    test('an id is compared to the letter', async () => {
      const client = aClient({ id: 'to-the-letter' })
      await store.clients.create(client)
      for (const id of [client.id.toUpperCase(), `${client.id} `, client.id.slice(0, -1), '']) {
        assert.equal(await store.clients.find(id), null)
      }
    })

    test('a secret is replaced, and a public client does not come to have one', async () => {
      const [confidential, open, bystander] = [aClient(), aClient({ secretHash: null }), aClient()]
      for (const client of [confidential, open, bystander]) await store.clients.create(client)
      assert.equal(await store.clients.replaceSecretHash(confidential.id, 'new'), true)
      assert.equal(await store.clients.replaceSecretHash(open.id, 'new'), false)
      assert.equal(await store.clients.replaceSecretHash('nobody', 'new'), false)
      const changed = { ...confidential, secretHash: 'new' }
      assert.deepEqual(await other.clients.find(confidential.id), changed)
      for (const client of [open, bystander]) {
        assert.deepEqual(await other.clients.find(client.id), client)
      }
    })

    test('a client is changed if it is as it was read, by one of two at the same time', async () => {
      for (const changes of [{}, { secretHash: null, scopes: null, introspect: false }]) {
        const [before, bystander] = [aClient(changes), aClient(changes)]
        for (const client of [before, bystander]) await store.clients.create(client)
        const after = { ...before, name: 'New', grants: [], scopes: ['c'], introspect: false }
        const widened = { ...before, scopes: null, grants: ['password'] }
        const replaced = await Promise.all([
          store.clients.replace(before, after),
          other.clients.replace(before, widened),
        ])
        assert.deepEqual([...replaced].sort(), [false, true])
        const expected = replaced[0] ? after : widened
        assert.deepEqual(await other.clients.find(before.id), expected)
        assert.deepEqual(await store.clients.find(bystander.id), bystander)
        await store.clients.remove(before.id)
        assert.equal(await store.clients.replace(expected, before), false)
      }
    })

    test('a client is not changed if anything of it is not as it was read', async () => {
      for (const stale of [
        ...[{ name: 'Old' }, { secretHash: 'old' }, { secretHash: null }, { introspect: false }],
        ...[{ grants: [] }, { grants: ['password'] }, { scopes: [] }, { scopes: null }],
      ]) {
        const client = aClient()
        await store.clients.create(client)
        const read = { ...client, ...stale }
        assert.equal(await store.clients.replace(read, { ...read, name: 'New' }), false)
        assert.deepEqual(await other.clients.find(client.id), client)
      }
    })

    test('a removed client is gone, and its id is free', async () => {
      const [client, bystander] = [aClient(), aClient()]
      for (const each of [client, bystander]) await store.clients.create(each)
      assert.equal(await store.clients.remove(client.id), true)
      assert.equal(await store.clients.remove(client.id), false)
      assert.equal(await other.clients.find(client.id), null)
      assert.deepEqual(await other.clients.find(bystander.id), bystander)
      await store.clients.create(client)
    })

    test("a request with a client's own token is one read: the client, and the keys' version", async () => {
      const grants = ['client_credentials']
      const client: ClientRecord = { ...aClient({ grants }), id: 'own', introspect: false }
      const { version: keysVersion } = await store.signingKeys.read()
      assert.deepEqual(await other.findClientSubject('own'), {
        client: null,
        keysVersion,
        epoch: '',
      })
      await store.clients.create(client)
      assert.deepEqual(await other.findClientSubject('own'), { client, keysVersion, epoch: '' })
      await store.clients.replaceSecretHash('own', 'new')
      const { client: changed } = await other.findClientSubject('own')
      assert.equal(changed?.secretHash, 'new')
      await store.signingKeys.change(keysVersion, { put: [], remove: [] })
      assert.equal((await other.findClientSubject('own')).keysVersion, keysVersion + 1)
      await store.clients.remove('own')
      assert.equal((await other.findClientSubject('own')).client, null)
    })
  })
}
