import Fastify, { type FastifyInstance } from 'fastify'
import { sendProblem } from '../fastify/refusal-handler.ts'
import { listenerOptions, urlOf } from './listener-options.ts'
import { addSecurityHeaders } from './security-headers.ts'
import type { Config } from './settings/settings.ts'

/** A listener for Prometheus. */
export interface MetricsListener {
  /** The page, such as `http://127.0.0.1:9464/metrics`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves a page of metrics on an address of its own, where those who log in do not come.
 *
 * @param read Writes the page, in the text format of Prometheus.
 * @throws the error of `listen`, marked with the name of the settings that it is about.
 */
export async function listenForMetrics(
  { metricsHost: host, metricsPort: port = 0, issuer }: Config,
  read: () => Promise<string>,
): Promise<MetricsListener> {
  const app: FastifyInstance = Fastify({ ...listenerOptions, forceCloseConnections: true })
  addSecurityHeaders(app, issuer)
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 404, 'There is nothing but /metrics here.'),
  )
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await read()),
  )
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw Object.assign(error as Error, { settings: 'METRICS_' })
  }
  return { url: `${urlOf(app, host)}/metrics`, close: () => app.close() }
}
