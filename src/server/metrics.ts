import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Auth } from '../core/auth.ts'
import { collectMetrics } from '../metrics/auth-metrics.ts'
import type { LogStream } from './logging/stream.ts'
import { version } from './version.ts'

// Loaded when metrics are on, and not before.

/** What one process measures, as it can be told to another. */
export type ProcessMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/**
 * Makes the registry of a process: what prom-client tells of Node.js, and what `auth` counts.
 *
 * @param worker The number of its place, if it is one of several: the label `worker` of every series.
 */
export function createRegistry(auth: Auth, log: LogStream, worker: number | undefined): Registry {
  const register = new Registry()
  if (worker !== undefined) register.setDefaultLabels({ worker: String(worker) })
  collectDefaultMetrics({ register })
  collectMetrics(auth, register)
  new Gauge({
    name: 'portcullis_build_info',
    help: 'The versions of Portcullis and of Node.js; always 1',
    labelNames: ['version', 'node'],
    registers: [register],
  }).set({ version, node: process.versions.node }, 1)
  new Counter({
    name: 'portcullis_log_lines_dropped_total',
    help: 'Lines of the log that were dropped, because it was not read or could not be written',
    registers: [register],
    collect() {
      this.reset()
      this.inc(log.dropped)
    },
  })
  return register
}

/**
 * Writes the metrics of several processes as one page. Sums up nothing: a sum falls when a process is
 * replaced, and Prometheus would take that for a restart of every process.
 */
export async function formatMetrics(processes: readonly ProcessMetrics[]): Promise<string> {
  // No two series have the same labels, so nothing is added; but some metrics ask to be left out.
  const metrics = processes.map((each) => each.map((metric) => ({ ...metric, aggregator: 'sum' })))
  return await AggregatorRegistry.aggregate(metrics).metrics()
}
