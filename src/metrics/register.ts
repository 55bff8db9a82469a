import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { definitions, type MetricName } from './definitions.ts'

/** A value, and the labels that tell it from the others of its metric. */
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>]

/** Adds a counter or gauge whose values are read when somebody asks for them. */
export function registerRead(
  registry: Registry,
  name: MetricName,
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  const { type, help, labels } = definitions[name]
  const options = { name, help, labelNames: [...labels], registers: [registry] }
  if (type === 'counter') {
    new Counter({
      ...options,
      async collect() {
        const samples = await read()
        this.reset()
        for (const [value, of = {}] of samples) this.inc(of, value)
      },
    })
  } else {
    new Gauge({
      ...options,
      async collect() {
        const samples = await read()
        this.reset()
        // Without labels there is a series at once, of which nothing may be known.
        if (labels.length === 0) this.remove()
        for (const [value, of = {}] of samples) this.set(of, value)
      },
    })
  }
}

/** Adds a histogram, to be told each duration in seconds. */
export function registerHistogram(registry: Registry, name: MetricName): Histogram {
  const { help, labels, buckets = [] } = definitions[name]
  const options = { name, help, labelNames: [...labels], buckets: [...buckets] }
  return new Histogram({ ...options, registers: [registry] })
}
