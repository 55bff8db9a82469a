import { Type } from '@fastify/type-provider-typebox'
import type { SessionRecord } from '../core/store.ts'
import type { User } from '../core/user.ts'

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

/** Text without control characters, which no id and no username has, and not every store bears. */
export const plainText = '^\\P{Cc}*$'

/** An answer without content. */
export const NoContent: Type.TNull = Type.Null({ description: 'Done' })

const instant = { description: 'Seconds since 1970-01-01T00:00:00Z' }

export const SessionAnswer: Type.TObject<{
  id: Type.TString
  label: Type.TString
  address: Type.TString
  scope: Type.TString
  created_at: Type.TInteger
  last_used_at: Type.TInteger
  expires_at: Type.TInteger
  current: Type.TOptional<Type.TBoolean>
}> = Type.Object({
  id: Type.String(),
  label: Type.String({ description: 'What the client called itself' }),
  address: Type.String({ description: 'Where the login came from' }),
  scope: Type.String(),
  created_at: Type.Integer(instant),
  last_used_at: Type.Integer(instant),
  expires_at: Type.Integer(instant),
  current: Type.Optional(Type.Boolean({ description: 'This access token belongs to it' })),
})

export const SessionList: Type.TObject<{ sessions: Type.TArray<typeof SessionAnswer> }> =
  Type.Object({ sessions: Type.Array(SessionAnswer) })

export const SessionId: Type.TObject<{ session: Type.TString }> = Type.Object({
  session: Type.String({ pattern: plainText, description: 'The id of the session' }),
})

export const noSession = 'There is no such session.'

/** A session as the wire shows one. */
export function sessionAnswer(session: SessionRecord): Type.Static<typeof SessionAnswer> {
  const { id, label, address, scopes, createdAt, rotatedAt, expiresAt } = session
  return {
    id,
    label,
    address,
    scope: scopes.join(' '),
    created_at: createdAt,
    last_used_at: rotatedAt,
    expires_at: expiresAt,
  }
}
