import { Type } from '@fastify/type-provider-typebox'
import type { User } from '../core/accounts.ts'

// Bodies and answers of the server's own routes. Names on the wire are snake_case, as OAuth's are.

export const UserAnswer: Type.TObject<{
  id: Type.TString
  username: Type.TString
  role: Type.TString
  active: Type.TBoolean
  created_at: Type.TInteger
}> = Type.Object({
  id: Type.String({ description: 'The `sub` of the user’s tokens' }),
  username: Type.String(),
  role: Type.String(),
  active: Type.Boolean(),
  created_at: Type.Integer({ description: 'Seconds since 1970-01-01T00:00:00Z' }),
})

/** A user as the wire shows one. */
export function userAnswer(user: User): Type.Static<typeof UserAnswer> {
  const { id, username, role, active, createdAt } = user
  return { id, username, role, active, created_at: createdAt }
}

/** An answer without content. */
export const NoContent: Type.TNull = Type.Null({ description: 'Done' })
