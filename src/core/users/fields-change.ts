import { UnavailableError, UserError } from '../errors.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import type { Store } from '../store.ts'
import type { OwnFields } from './own-fields.ts'
import { existing, present, type User } from './user.ts'
import type { UserFields } from './user-fields.ts'
import type { UserRecord } from './user-store.ts'

/** Changes the application's own fields of users. */
export interface FieldsChanger<Fields extends UserFields = UserFields> {
  /**
   * Replaces the user's own fields. The schema of `userFields` judges them. What it names and you leave out
   * gets its default.
   *
   * @throws {UserError} `fields_invalid`, `user_unknown`
   */
  setFields(id: string, fields: Partial<Fields>, by?: Actor): Promise<User<Fields>>
  /**
   * Changes the members that are given, and keeps the others. The schema judges all of them together. Two
   * changes at once are both made. An empty change gives the user the defaults of new members.
   *
   * @throws {UserError} `fields_invalid`, `user_unknown`
   */
  updateFields(id: string, changes: Partial<Fields>, by?: Actor): Promise<User<Fields>>
}

export interface FieldsChangerOptions {
  readonly store: Store
  readonly events: AuthEvents
  readonly fields: OwnFields
}

/** Times that a change is made again because another one came in between. */
const attempts = 20

/** Characters of the names in an event. */
const maxNames = 500

export function createFieldsChanger({
  store: { users },
  events,
  fields,
}: FieldsChangerOptions): FieldsChanger {
  return {
    setFields: (id, given, by) => change(id, () => given, by),
    updateFields: (id, changes, by) => change(id, (stored) => merge(stored, changes), by),
  }

  async function change(...[id, make, by]: Change): Promise<User> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const user = existing(await users.findById(id))
      const judged = await fields.judge(make(user.fields))
      const changed = namesOfChanged(user.fields, judged)
      if (changed.length === 0) return present(user)
      const details = { changed: changed.join(' ').slice(0, maxNames) }
      const happening = { ...by, type: 'user_fields_changed', userId: id, details } as const
      // Compare-and-set: the schema has judged the new fields together with those that were read.
      const stored = await events.recordWith<UserRecord | null>(happening, (event) =>
        users.update(id, { fields: judged }, { ifFields: user.fields, event }),
      )
      if (stored) return present(stored)
    }
    throw new UnavailableError('The fields of the user are changed too often at once', 1)
  }
}

type Change = readonly [id: string, make: (stored: UserFields) => UserFields, by: Actor | undefined]

function merge(stored: UserFields, changes: UserFields): UserFields {
  // Spread, a list or a text would be members.
  if (typeof changes === 'object' && !Array.isArray(changes)) return { ...stored, ...changes }
  throw new UserError('fields_invalid', ['The fields must be an object.'])
}

/** The members that are another way now, or are gone. */
function namesOfChanged(before: UserFields, after: UserFields): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}
