import { type Kysely, sql } from 'kysely'
import type { ClientRecord, ClientStore } from '../../core/clients/client-store.ts'
import { ConflictError } from '../../core/errors.ts'
import { mapAnswer } from '../../core/maybe-promise.ts'
import type { Store } from '../../core/store.ts'
import { words } from './columns.ts'
import type { Engine } from './engine.ts'
import { recorded } from './events.ts'
import type { ClientsTable, Schema } from './schema.ts'

/** Registered clients in SQL. */
export function createClientStore(engine: Engine): ClientStore {
  const { db, prepareRead, inTransaction, isUniqueViolation } = engine
  const readById = prepareRead(db.selectFrom('clients').selectAll().where('id', '=', '').compile())
  // The limit is in the text, because a prepared read takes texts alone.
  const readAny = prepareRead(
    db.selectFrom('clients').select('id').orderBy('id').limit(sql.lit(1)).compile(),
  )

  return {
    list: () => readClients(db),
    async find(id) {
      const row = await readById(id)
      return row === undefined ? null : toRecord(row)
    },
    isEmpty: async () => (await readAny()) === undefined,
    async create(client, event) {
      try {
        await recorded(db, event, db.insertInto('clients').values(toRow(client)).returning('id'))
      } catch (error) {
        if (isUniqueViolation(error)) throw new ConflictError('client_taken', { cause: error })
        throw error
      }
    },
    async replace(before, after, event) {
      const update = db
        .updateTable('clients')
        .set(toRow(after))
        .where((row) => row.and(toRow(before)))
        .returning('id')
      return (await recorded(db, event, update)).length === 1
    },
    async replaceSecretHash(id, secretHash, event) {
      const update = db
        .updateTable('clients')
        .set({ secret_hash: secretHash })
        .where('id', '=', id)
        .where('secret_hash', 'is not', null)
        .returning('id')
      return (await recorded(db, event, update)).length === 1
    },
    async remove(id, event) {
      const deletion = db.deleteFrom('clients').where('id', '=', id).returning('id')
      return await inTransaction(async (transaction) => {
        if ((await recorded(transaction, event, deletion)).length === 0) return false
        for (const table of ['authorization_codes', 'consents'] as const) {
          await transaction.deleteFrom(table).where('client_id', '=', id).execute()
        }
        return true
      })
    },
  }
}

/** The one read of a guarded request with a client's own token, in a row for the version of the keys. */
export function createClientSubjectReader({ db, prepareRead }: Engine): Store['findClientSubject'] {
  const read = prepareRead(
    db
      .selectFrom('signing_key_set')
      .leftJoin('clients', (join) => join.on('clients.id', '=', ''))
      .selectAll('clients')
      .select(['signing_key_set.version', 'signing_key_set.epoch'])
      .compile(),
  )
  return (clientId) =>
    mapAnswer(read(clientId), (row) => {
      if (row === undefined) throw new Error('The signing keys have no version.')
      const { version, epoch, ...client } = row
      // Of a client that is there every column is.
      const isThere = client.id !== null
      return {
        client: isThere ? toRecord(client as ClientsTable) : null,
        keysVersion: Number(version),
        epoch,
      }
    })
}

/** All registered clients. */
export async function readClients(db: Kysely<Schema>): Promise<readonly ClientRecord[]> {
  return (await db.selectFrom('clients').selectAll().execute()).map(toRecord)
}

function toRow(client: ClientRecord): ClientsTable {
  return {
    id: client.id,
    name: client.name,
    secret_hash: client.secretHash,
    grants: client.grants.join(' '),
    scope: client.scopes === null ? null : client.scopes.join(' '),
    introspect: client.introspect ? 1 : 0,
    created_at: client.createdAt,
    redirect_uris: JSON.stringify(client.redirectUris),
    post_logout_redirect_uris: JSON.stringify(client.postLogoutRedirectUris),
    first_party: client.firstParty ? 1 : 0,
    auth_method: client.tokenEndpointAuthMethod,
    pkce: client.pkce,
    logo_uri: client.logoUri,
    client_uri: client.clientUri,
    policy_uri: client.policyUri,
    tos_uri: client.tosUri,
    backchannel_logout_uri: client.backchannelLogoutUri,
  }
}

function toRecord(row: ClientsTable): ClientRecord {
  return {
    id: row.id,
    name: row.name,
    secretHash: row.secret_hash,
    grants: words(row.grants),
    scopes: row.scope === null ? null : words(row.scope),
    introspect: row.introspect === 1,
    createdAt: Number(row.created_at),
    redirectUris: JSON.parse(row.redirect_uris),
    postLogoutRedirectUris: JSON.parse(row.post_logout_redirect_uris),
    firstParty: row.first_party === 1,
    tokenEndpointAuthMethod: row.auth_method,
    pkce: row.pkce,
    logoUri: row.logo_uri,
    clientUri: row.client_uri,
    policyUri: row.policy_uri,
    tosUri: row.tos_uri,
    backchannelLogoutUri: row.backchannel_logout_uri,
  }
}
