import type { FromSchema } from 'json-schema-to-ts'
import type { Session } from '../../core/sessions/session-store.ts'
import type { User } from '../../core/users/user.ts'

// Bodies and answers of the server's own routes, as JSON Schema, which types their handlers. Names on
// the wire are snake_case, as OAuth's are.

export const UserAnswer = {
  type: 'object',
  required: ['id', 'username', 'role', 'active', 'created_at'],
  properties: {
    id: { type: 'string', description: 'The `sub` of the user’s tokens' },
    username: { type: 'string' },
    role: { type: 'string' },
    active: { type: 'boolean' },
    created_at: { type: 'integer', description: 'Seconds since 1970-01-01T00:00:00Z' },
  },
} as const

/** A user as the wire shows one. */
export function userAnswer(user: User): FromSchema<typeof UserAnswer> {
  const { id, username, role, active, createdAt } = user
  return { id, username, role, active, created_at: createdAt }
}

/** Text without control characters, which no id and no username has, and not every store bears. */
export const plainText = '^\\P{Cc}*$'

/** An answer without content. */
export const NoContent = { type: 'null', description: 'Done' } as const

export const UserId = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', pattern: plainText as string, description: 'The id of the user' },
  },
} as const

export const SessionList = {
  type: 'object',
  required: ['sessions'],
  properties: {
    sessions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'label', 'address', 'scope', 'created_at', 'last_used_at', 'expires_at'],
        properties: {
          id: { type: 'string' },
          label: { type: 'string', description: 'What the client called itself' },
          address: { type: 'string', description: 'Where the login came from' },
          scope: { type: 'string' },
          created_at: { type: 'integer', description: 'Seconds since 1970-01-01T00:00:00Z' },
          last_used_at: { type: 'integer', description: 'Seconds since 1970-01-01T00:00:00Z' },
          expires_at: { type: 'integer', description: 'Seconds since 1970-01-01T00:00:00Z' },
          current: { type: 'boolean', description: 'This access token belongs to it' },
        },
      },
    },
  },
} as const

export const SessionId = {
  type: 'object',
  required: ['session'],
  properties: {
    session: { type: 'string', pattern: plainText as string, description: 'The id of the session' },
  },
} as const

export const noSession = 'There is no such session.'

/** A session as the wire shows one. */
export function sessionAnswer(
  session: Session,
): FromSchema<typeof SessionList>['sessions'][number] {
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
