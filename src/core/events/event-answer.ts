import type { AuthEvent } from './event-store.ts'

/** An event as JSON shows one: on the wire, in the log, on the command line. Unknown is absent. */
export type EventBody = Pick<AuthEvent, 'id' | 'type' | 'at' | 'outcome'> &
  Partial<Pick<AuthEvent, 'actor' | 'address' | 'reason' | 'details'>> & {
    readonly user_id?: string
    readonly client_id?: string
    readonly session_id?: string
    readonly request_id?: string
  }

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
