import { Instant, Role } from './schemas.ts'

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
