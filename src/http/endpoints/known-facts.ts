import type { Auth } from '../../core/auth.ts'
import type { ConsentRecord } from '../../core/authorization/consent-store.ts'
import { eventTypes } from '../../core/events/vocabulary.ts'
import type { IdentityRecord } from '../../core/issuers/identity-store.ts'
import type { Session } from '../../core/sessions/session-store.ts'

// What answers hold of a user's sessions, identities, events and grants, as JSON Schema. Names on the wire are
// snake_case, as OAuth's are. One with a title is a named schema of the OpenAPI document.

/** An instant on the wire. */
export const Instant = {
  type: 'integer',
  description: 'Seconds since 1970-01-01T00:00:00Z',
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
    client_id: {
      type: 'string',
      description: 'There for a client that was let in by a browser; absent for all others',
    },
    kind: {
      type: 'string',
      enum: ['browser'],
      description:
        'There for a browser that is logged in at the login pages; absent for all others',
    },
  },
} as const

// No interface, which a schema with room for other members would refuse.
type SessionBody = Readonly<
  Record<'id' | 'label' | 'address' | 'scope', string> &
    Record<'created_at' | 'last_used_at' | 'expires_at', number>
> & { readonly client_id?: string; readonly kind?: 'browser' }

/** A session as the wire shows one. */
export function sessionAnswer(session: Session): SessionBody {
  const { id, label, address, scopes, createdAt, rotatedAt, expiresAt } = session
  const { clientId, parentId, kind } = session
  return {
    ...{ id, label, address, scope: scopes.join(' ') },
    ...{ created_at: createdAt, last_used_at: rotatedAt, expires_at: expiresAt },
    ...(parentId !== null && { client_id: clientId }),
    ...(kind === 'browser' && { kind }),
  }
}

export const IdentityAnswer = {
  title: 'Identity',
  type: 'object',
  required: ['issuer', 'subject', 'created_at'],
  properties: {
    issuer: { type: 'string' },
    subject: { type: 'string' },
    created_at: Instant as typeof Instant,
  },
} as const

type IdentityBody = Readonly<Record<'issuer' | 'subject', string> & Record<'created_at', number>>

/** An identity as the wire shows one. */
export function identityAnswer({ issuer, subject, createdAt }: IdentityRecord): IdentityBody {
  return { issuer, subject, created_at: createdAt }
}

/** The type of an event. */
export const EventType = {
  title: 'EventType',
  type: 'string',
  enum: Object.keys(eventTypes) as string[],
} as const

export const EventAnswer = {
  title: 'Event',
  type: 'object',
  required: ['id', 'type', 'at', 'outcome'],
  properties: {
    id: { type: 'string' },
    type: EventType as typeof EventType,
    at: Instant as typeof Instant,
    outcome: { type: 'string', enum: ['success', 'failure'] },
    actor: {
      type: 'string',
      description: 'Who did it: `user:<id>`, `client:<id>`, `cli:<name>`, `setup`, `system`',
    },
    user_id: { type: 'string', description: 'The user whom it concerns' },
    client_id: { type: 'string', description: 'The client that the request came from' },
    session_id: { type: 'string', description: 'The session' },
    address: { type: 'string', description: 'Where the request came from' },
    request_id: { type: 'string', description: 'The `reqId` of the request in the log' },
    reason: { type: 'string', description: 'Why, where the answer did not say' },
    details: {
      type: 'object',
      description: 'What else there is to say, by name',
      additionalProperties: {
        anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
      },
    },
  },
} as const

export const GrantAnswer = {
  title: 'Grant',
  type: 'object',
  required: ['client_id', 'client_name', 'scope', 'created_at', 'updated_at'],
  properties: {
    client_id: { type: 'string' },
    client_name: { type: 'string' },
    scope: { type: 'string', description: 'What the client may do, space-delimited' },
    created_at: Instant as typeof Instant,
    updated_at: Instant as typeof Instant,
  },
} as const

/** What a user has allowed a client, as the wire shows it. */
export async function grantAnswer(
  auth: Auth,
  { clientId, scopes, createdAt, updatedAt }: ConsentRecord,
): Promise<object> {
  return {
    client_id: clientId,
    client_name: await nameOfClient(auth, clientId),
    scope: scopes.join(' '),
    created_at: createdAt,
    updated_at: updatedAt,
  }
}

/** What a client is called; its id if there is none any more. */
export async function nameOfClient({ clients }: Auth, clientId: string): Promise<string> {
  return (await clients.find(clientId))?.name ?? clientId
}
