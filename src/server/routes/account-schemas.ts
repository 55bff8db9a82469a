import type { FromSchema } from 'json-schema-to-ts'
import type { User } from '../../core/users/user.ts'
import { Instant, Role } from './schemas.ts'

/** The answer to what is done later, if at all. */
export const Accepted = {
  title: 'Accepted',
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['accepted'] } },
} as const

export const accepted = { status: 'accepted' } as const

/** A text, or null. */
export const TextOrNull = { anyOf: [{ type: 'string' }, { type: 'null' }] } as const

/** A user, with the address. */
export const AccountAnswer = {
  title: 'Account',
  type: 'object',
  required: ['id', 'username', 'role', 'active', 'email', 'email_verified', 'created_at'],
  properties: {
    id: { type: 'string', description: 'The `sub` of the user’s tokens' },
    username: { type: 'string' },
    role: Role as typeof Role,
    active: { type: 'boolean' },
    email: TextOrNull as typeof TextOrNull,
    email_verified: { type: 'boolean' },
    created_at: Instant as typeof Instant,
  },
} as const

/** A user as these routes show one. */
export function accountAnswer(user: User): FromSchema<typeof AccountAnswer> {
  const { id, username, role, active, email, emailVerified, createdAt } = user
  return {
    ...{ id, username, role, active, email },
    ...{ email_verified: emailVerified, created_at: createdAt },
  }
}
