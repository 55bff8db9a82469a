/** The application's own facts about a user: a JSON object. */
export type UserFields = Readonly<Record<string, unknown>>
