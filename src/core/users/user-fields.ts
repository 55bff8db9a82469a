import type { StandardSchema } from './standard-schema.ts'

// An interface, because editors show its name.
/** The application's own facts about a user: a JSON object, with any members. */
export interface UserFields {
  readonly [name: string]: unknown
}

/** What a schema may return: the compiler lets a declared interface be this, and not `UserFields`. */
// biome-ignore lint/suspicious/noExplicitAny: that is what makes the difference.
export type AnyFields = Readonly<Record<string, any>>

/** The fields as `UserFields` allows them: a declared interface becomes a type with the same members. */
export type FieldsOf<Fields extends AnyFields> = Fields extends UserFields
  ? Fields
  : { [Name in keyof Fields]: Fields[Name] }

/** The option `userFields` in full. */
export interface UserFieldsOptions<Fields extends AnyFields = UserFields> {
  /** A Standard Schema of an object, such as one of Zod or Valibot. */
  readonly schema: StandardSchema<Fields>
  /** Who may write, beside administrators and your code. Default: nobody. */
  readonly writableBy?: {
    /** The members that users may write of themselves, when they register too. Default none. */
    readonly user?: readonly (keyof Fields & string)[]
  }
}
