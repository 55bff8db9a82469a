import type { FastifyRequest } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { Session } from '../../core/sessions/session-store.ts'
import type { User } from '../../core/users/user.ts'
import { UserFieldsAnswer } from './own-fields.ts'

// Bodies and answers of the server's own routes, as JSON Schema, which types their handlers. Names on
// the wire are snake_case, as OAuth's are. One with a title is a named schema of the OpenAPI document.

/** What a change of a username does, for every route that makes one. */
export const renaming =
  'Sessions and tokens stay valid. A username with an `@` must be the verified address of the user.'

/** An instant on the wire. */
export const Instant = {
  type: 'integer',
  description: 'Seconds since 1970-01-01T00:00:00Z',
} as const

/**
 * The name of a role. The document lists those that there are; `role_unknown` says so of any other, with
 * the list.
 */
export const Role = { title: 'Role', type: 'string' } as const

export const Password = { type: 'string', format: 'password' } as const

/** An e-mail address; what is none is refused by core, in its own words. */
export const Email = { type: 'string', description: 'An e-mail address' } as const

export const UserAnswer = {
  title: 'User',
  type: 'object',
  required: ['id', 'username', 'role', 'active', 'created_at'],
  properties: {
    id: { type: 'string', description: 'The `sub` of the user’s tokens' },
    username: { type: 'string' },
    role: Role as typeof Role,
    active: { type: 'boolean' },
    created_at: Instant as typeof Instant,
    email: { type: 'string', description: 'Absent if the user has none' },
    email_verified: {
      type: 'boolean',
      description: 'The user has proved to read the address; absent without one',
    },
    suspended_until: {
      type: 'integer',
      description: 'The user cannot log in before: seconds since 1970-01-01T00:00:00Z',
    },
    fields: UserFieldsAnswer as typeof UserFieldsAnswer,
  },
} as const

/** A user as the wire shows one. */
export function userAnswer(user: User): FromSchema<typeof UserAnswer> {
  const { id, username, role, active, createdAt, email, emailVerified, suspendedUntil } = user
  return {
    // Only in answers of an application whose users have any: see `shapeFields`.
    ...{ id, username, role, active, created_at: createdAt, fields: user.fields },
    ...(email !== null && { email, email_verified: emailVerified }),
    ...(suspendedUntil !== null && { suspended_until: suspendedUntil }),
  }
}

/**
 * Text without control characters, which no id and no username has, and not every store bears. Written so
 * that Python and Go read it too: they have no `\P{Cc}`, or mean something else by it.
 */
export const plainText = '^[^\\x00-\\x1f\\x7f-\\x9f]*$'

/** Where the next page of a list is. */
export const NextPage = {
  anyOf: [{ type: 'string' }, { type: 'null' }],
  description: 'Null on the last page',
} as const

/** An answer without content. */
export const NoContent = { type: 'null', description: 'Done' } as const

export const UserId = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', pattern: plainText as string, description: 'The id of the user' },
  },
} as const

export const UsernameChange = {
  title: 'UsernameChange',
  type: 'object',
  required: ['username'],
  properties: { username: { type: 'string' } },
  additionalProperties: false,
} as const

export const SessionAnswer = {
  title: 'Session',
  type: 'object',
  required: ['id', 'label', 'address', 'scope', 'created_at', 'last_used_at', 'expires_at'],
  properties: {
    id: { type: 'string' },
    label: { type: 'string', description: 'What the client called itself' },
    address: { type: 'string', description: 'Where the login came from' },
    scope: { type: 'string', description: 'What the login was granted, space-delimited' },
    created_at: Instant as typeof Instant,
    last_used_at: Instant as typeof Instant,
    expires_at: Instant as typeof Instant,
    kind: {
      type: 'string',
      enum: ['browser'],
      description:
        'There for a browser that is logged in at the login pages; absent for all others',
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
export function sessionAnswer(session: Session): FromSchema<typeof SessionAnswer> {
  const { id, label, address, scopes, createdAt, rotatedAt, expiresAt, kind } = session
  return {
    id,
    label,
    address,
    scope: scopes.join(' '),
    created_at: createdAt,
    last_used_at: rotatedAt,
    expires_at: expiresAt,
    ...(kind === 'browser' && { kind }),
  }
}

/** Reads the number of a query, which holds text alone: a type is not changed to fit. */
export async function readLimit(request: FastifyRequest): Promise<void> {
  const query = request.query as { limit?: unknown }
  if (/^\d{1,9}$/.test(String(query.limit))) query.limit = Number(query.limit)
}
