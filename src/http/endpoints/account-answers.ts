import type { User } from '../../core/users/user.ts'
import type { JsonSuccess } from './json-documentation.ts'
import { Instant } from './known-facts.ts'

/** The one answer where a stranger asks: it says nothing of who has the address. */
export const accepted = { status: 'accepted' } as const

/** The same as a JSON Schema. */
export const Accepted = {
  title: 'Accepted',
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['accepted'] } },
} as const

/** How that answer is described. */
export const acceptedAnswer = {
  status: 202,
  description: 'Accepted, for every address; whether a mail is sent is not said',
  schema: Accepted as typeof Accepted,
} as const

/** How the refusals of what ends a link are described. */
export const linkRefusals = {
  410: 'The link is used, expired or unknown',
  422: 'What was chosen is refused: `errors` has every reason',
  429: 'Too many wrong links; see Retry-After',
} as const

/** A user, with the address, as a JSON Schema. */
export const Account = {
  title: 'Account',
  type: 'object',
  required: ['id', 'username', 'role', 'active', 'email', 'email_verified', 'created_at'],
  properties: {
    id: { type: 'string', description: 'The `sub` of the user’s tokens' },
    username: { type: 'string' },
    role: { type: 'string' },
    active: { type: 'boolean' },
    email: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    email_verified: { type: 'boolean' },
    created_at: Instant as typeof Instant,
  },
} as const

/** How the answer with a new user is described. */
export const newUserAnswer: JsonSuccess = {
  status: 201,
  description: 'The new user, who can log in now',
  schema: { ...Account, title: 'NewAccount' },
}

// No interface, which a schema with room for other members would refuse.
type AccountBody = Pick<User, 'id' | 'username' | 'role' | 'active' | 'email'> & {
  readonly email_verified: boolean
  readonly created_at: number
}

/** A user with the address, which may be null, as the wire shows one. */
export function accountAnswer(user: User): AccountBody {
  const { id, username, role, active, email, emailVerified, createdAt } = user
  return {
    ...{ id, username, role, active, email },
    ...{ email_verified: emailVerified, created_at: createdAt },
  }
}
