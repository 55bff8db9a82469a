import type { FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import type { Registry } from 'prom-client'
import { registerHistogram } from './register.ts'

/** What the plugin `requestMetrics` takes. */
export interface RequestMetricsOptions {
  /** Where the durations are added; a registry of prom-client. */
  readonly registry: Registry
}

/**
 * Measures the requests of a Fastify application by method, pattern of the route and status. The URL is
 * not used, so a client that invents paths makes no new series. Register it before the routes.
 */
export const requestMetrics: FastifyPluginCallback<RequestMetricsOptions> =
  fp<RequestMetricsOptions>(
    async (app, { registry }) => {
      const durations = registerHistogram(registry, 'portcullis_http_request_duration_seconds')
      app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
        const route = routeOptions.url ?? 'unmatched'
        durations.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
      })
    },
    { name: 'portcullis-request-metrics', fastify: '5.x' },
  )
