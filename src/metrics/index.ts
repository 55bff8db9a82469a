// The public surface of `portcullis/metrics`. Nothing else of the package loads prom-client, unless
// the ready server is told to serve metrics.

export { collectMetrics } from './auth-metrics.ts'
export { type RequestMetricsOptions, requestMetrics } from './request-metrics.ts'
