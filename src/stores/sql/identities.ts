import { ConflictError } from '../../core/errors.ts'
import type { IdentityRecord, IdentityStore } from '../../core/issuers/identity-store.ts'
import { mapAnswer } from '../../core/maybe-promise.ts'
import type { Engine } from './engine.ts'
import { recorded } from './events.ts'
import type { IdentitiesTable } from './schema.ts'
import { insertUser, takenOf, toRecordOrNull } from './user-rows.ts'

/** Links between identities of other issuers and users, in SQL. */
export function createIdentityStore(engine: Engine): IdentityStore {
  const { db, prepareRead, inTransaction, isUniqueViolation } = engine
  const readUser = prepareRead(
    db
      .selectFrom('identities')
      .innerJoin('users', 'users.id', 'identities.user_id')
      .selectAll('users')
      .where('identities.issuer', '=', '')
      .where('identities.subject', '=', '')
      .compile(),
  )

  return {
    findUser: (issuer, subject) => mapAnswer(readUser(issuer, subject), toRecordOrNull),
    async link({ issuer, subject, userId, createdAt }, event) {
      // The user is a condition of the insert: one deleted a moment ago gets no link.
      const insert = db
        .insertInto('identities')
        .columns(['issuer', 'subject', 'user_id', 'created_at'])
        .expression(
          db
            .selectFrom('users')
            .select((eb) => [
              eb.val(issuer).as('issuer'),
              eb.val(subject).as('subject'),
              'users.id as user_id',
              eb.val(createdAt).as('created_at'),
            ])
            .where('users.id', '=', userId),
        )
        .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
        .returning('user_id')
      if ((await recorded(db, event, insert)).length === 1) return 'linked'
      return (await readUser(issuer, subject)) === undefined ? 'no_user' : 'taken'
    },
    async createUser(issuer, subject, user, event) {
      try {
        return await inTransaction(async (transaction) => {
          await recorded(transaction, event, insertUser(db, user))
          const { numInsertedOrUpdatedRows } = await transaction
            .insertInto('identities')
            .values({ issuer, subject, user_id: user.id, created_at: user.createdAt })
            .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
            .executeTakeFirst()
          if (numInsertedOrUpdatedRows !== 1n) throw new AlreadyLinked()
          return true
        })
      } catch (error) {
        if (error instanceof AlreadyLinked) return false
        if (!isUniqueViolation(error)) throw error
        // The name is taken: by a user whom the same identity has just been given, perhaps.
        if ((await readUser(issuer, subject)) !== undefined) return false
        const code = takenOf(db, error)
        throw code === null ? error : new ConflictError(code, { cause: error })
      }
    },
    async unlink(userId, issuer, subject, event) {
      const deletion = db
        .deleteFrom('identities')
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .where('user_id', '=', userId)
        .returning('user_id')
      return (await recorded(db, event, deletion)).length === 1
    },
    async listByUser(userId) {
      const rows = await db
        .selectFrom('identities')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('created_at')
        .orderBy('issuer')
        .orderBy('subject')
        .execute()
      return rows.map(toRecord)
    },
  }
}

/** Ends the transaction, so that the user made in it is gone. */
class AlreadyLinked extends Error {}

function toRecord(row: IdentitiesTable): IdentityRecord {
  return {
    issuer: row.issuer,
    subject: row.subject,
    userId: row.user_id,
    createdAt: Number(row.created_at),
  }
}
