import type { Step } from '../sql/step.ts'

/**
 * How the user of a session authenticated, and when. Sessions from before were opened with a password.
 * A process of an earlier version, which still serves, says nothing of it: then it was long ago.
 */
export const authenticationStep: Step = {
  makes: [],
  async up(db) {
    await db.schema
      .alterTable('sessions')
      .addColumn('authenticated_at', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    for (const [name, before] of [
      ['acr', '1fa'],
      ['amr', 'pwd'],
    ] as const) {
      await db.schema
        .alterTable('sessions')
        .addColumn(name, 'text', (column) => column.notNull().defaultTo(before))
        .execute()
    }
    await db
      .updateTable('sessions')
      .set((eb) => ({ authenticated_at: eb.ref('created_at') }))
      .execute()
  },
}
