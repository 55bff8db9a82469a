// What the server says of itself.

import { address, choice, integer, type Setting } from './setting.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
/** From which weight on a line is logged; `silent` logs nothing. */
export type LogLevel = (typeof logLevels)[number]

/** Undefined: to be chosen by where the log goes. */
export const logLevel: Setting<LogLevel | undefined> = choice('LOG_LEVEL', logLevels, {
  fallback: undefined,
  default: 'info, in a terminal warn',
  description: '`fatal`, `error`, `warn`, `info`, `debug` (every request), `trace` or `silent`.',
})

/** Undefined: no metrics. */
export const metricsPort: Setting<number | undefined> = integer('METRICS_PORT', {
  least: 0,
  most: 65535,
  example: 9464,
  fallback: undefined,
  default: 'no metrics',
  description:
    'Port of a listener of its own that serves `/metrics` to Prometheus, such as `9464`; see [metrics](metrics.md).',
})

export const metricsHost: Setting<string> = address('METRICS_HOST', {
  fallback: '127.0.0.1',
  description:
    'Address of that listener. It has no authentication: expose it on a private network only.',
})
