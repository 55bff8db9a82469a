import type { Step } from '../sql/step.ts'

/**
 * How the user of a session authenticated, and when. 0 stands for the instant at which it was opened: so it
 * is for sessions of earlier versions, which needed a password. No row is changed by this step.
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
  },
}
