import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Auth } from '../../core/auth.ts'
import { eventAnswer } from '../../core/events/event-answer.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import { type Actor, actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import type { User } from '../../core/users/user.ts'

/** Writes every event as a line of the log, and records when the server begins and stops to serve. */
export function logEvents(app: FastifyInstance, { [internals]: { events }, issuer }: Auth): void {
  const unsubscribe = events.subscribe((event) =>
    app.log.info({ event: eventAnswer(event), ...requestOf(event) }, event.type),
  )

  async function record(type: 'sys_startup' | 'sys_shutdown'): Promise<void> {
    try {
      // The issuer is what the command line needs to judge the tokens of this server.
      await events.record({ type, actor: 'system', details: { pid: process.pid, issuer } })
    } catch (error) {
      // A failure does not keep the server from starting or stopping.
      app.log.error({ err: error }, `${type} could not be recorded`)
    }
  }

  let serves = false
  app.addHook('onListen', async () => {
    serves = true
    await record('sys_startup')
  })
  app.addHook('onClose', async () => {
    if (serves) await record('sys_shutdown')
    unsubscribe()
  })
}

/** The id under which Fastify logs the request of an event. */
function requestOf({ requestId }: AuthEvent): object {
  return requestId === undefined ? {} : { reqId: requestId }
}

/** The request as its events describe it: its sender, its address, and its id in the log. */
export function originOf(user: User, request: Pick<FastifyRequest, 'id' | 'ip'>): Actor {
  return { actor: actorOf({ userId: user.id }), address: request.ip, requestId: request.id }
}
