// Several rounds. Each round measures every contestant once, so that other work of the machine affects
// all of them equally.

import type { Sample } from './load.ts'

/** How long and how often. */
export interface Effort {
  readonly rounds: number
  /** Seconds of one measurement. */
  readonly seconds: number
  /** Users at most, where their number matters. */
  readonly users: number
}

/** What was measured of one contestant, a number for each round. */
export interface Series {
  readonly rate: readonly number[]
  readonly p50: readonly number[]
  readonly p99: readonly number[]
}

export interface Contestant {
  readonly name: string
  measure(seconds: number, round: number): Promise<Sample>
}

/** Measures everybody once to warm up, then round after round, each beginning with another one. */
export async function compete(
  contestants: readonly Contestant[],
  { rounds, seconds }: Effort,
): Promise<Readonly<Record<string, Series>>> {
  for (const { name, measure } of contestants) {
    await measure(Math.min(seconds, 2), 0).catch((cause: unknown) => {
      throw new Error(`${name} does not work.`, { cause })
    })
  }
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    const first = round % contestants.length
    for (const { name, measure } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const sample = await measure(seconds, round)
      samples.get(name)?.push(sample)
      console.log(
        `  ${round}  ${name.padEnd(40)} ${sample.rate.toFixed(0).padStart(7)}/s  p99 ${sample.p99.toFixed(1)} ms`,
      )
    }
  }
  return Object.fromEntries([...samples].map(([name, list]) => [name, toSeries(list)]))
}

function toSeries(samples: readonly Sample[]): Series {
  const pick = (key: keyof Sample): number[] =>
    samples.map((sample) => Number(sample[key].toPrecision(5)))
  return { rate: pick('rate'), p50: pick('p50'), p99: pick('p99') }
}
