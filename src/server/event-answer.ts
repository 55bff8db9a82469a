import { Type } from '@fastify/type-provider-typebox'
import type { AuthEvent } from '../core/event-store.ts'
import { eventTypes } from '../core/event-vocabulary.ts'

const text = (description: string) => Type.Optional(Type.String({ description }))

/** An event as JSON shows one: on the wire, in the log, on the command line. Unknown is absent. */
export interface EventBody
  extends Pick<AuthEvent, 'id' | 'type' | 'at' | 'outcome'>,
    Partial<Pick<AuthEvent, 'actor' | 'address' | 'reason' | 'details'>> {
  readonly user_id?: string
  readonly client_id?: string
  readonly session_id?: string
  readonly request_id?: string
}

const schema = Type.Object({
  id: Type.String(),
  type: Type.String({ enum: Object.keys(eventTypes) }),
  at: Type.Integer({ description: 'Seconds since 1970-01-01T00:00:00Z' }),
  outcome: Type.String({ enum: ['success', 'failure'] }),
  actor: text('Who did it: `user:<id>`, `client:<id>`, `cli:<name>`, `setup`, `system`'),
  user_id: text('The user whom it concerns'),
  client_id: text('The client that the request came from'),
  session_id: text('The session'),
  address: text('Where the request came from'),
  request_id: text('The `reqId` of the request in the log'),
  reason: text('Why, where the answer did not say'),
  details: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  ),
})

export const EventAnswer: Type.TUnsafe<EventBody> = Type.Unsafe<EventBody>(schema)

/** An event as JSON shows one. */
export function eventAnswer(event: AuthEvent): EventBody {
  const { userId, clientId, sessionId, requestId, ...rest } = event
  return {
    ...rest,
    ...(userId !== undefined && { user_id: userId }),
    ...(clientId !== undefined && { client_id: clientId }),
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(requestId !== undefined && { request_id: requestId }),
  }
}
