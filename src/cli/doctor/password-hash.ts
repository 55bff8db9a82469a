import { totalmem } from 'node:os'
import { createHashPool, hashConcurrency } from '../../core/passwords/hash-pool.ts'
import {
  type Argon2Parameters,
  createPasswordHasher,
  defaultArgon2Parameters,
} from '../../core/passwords/password-hash.ts'
import type { Config } from '../../server/settings/settings.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning } = findingsOf('password-hash')

/** Milliseconds: longer, and people notice, and a guesser's requests keep the cores busy. */
const tooLong = 1000
/** Milliseconds that are suggested when nobody asked for another time. */
const usualTarget = 250

/** A hash takes as long as it should on this machine, and many at once fit into its memory. */
export async function checkPasswordHash({
  config,
  targetTime,
}: Subject): Promise<readonly Finding[]> {
  const cost = config.argon2
  const { duration, perSecond } = await measure(cost, config)
  const finding = `A hash with ${describe(cost)} takes ${duration.toFixed(0)} ms here; one process has time for ${perSecond.toFixed(perSecond < 10 ? 1 : 0)} logins a second.`
  const found: Finding[] = [memoryFinding(config)].flatMap((each) => each ?? [])
  if (targetTime !== undefined) {
    const advice = await suggest(cost, duration, targetTime, config)
    return [ok(finding, advice), ...found]
  }
  if (duration <= tooLong) return [ok(finding), ...found]
  return [warning(finding, await suggest(cost, duration, usualTarget, config)), ...found]
}

interface Measurement {
  /** Milliseconds of one hash, with nothing else to do. */
  readonly duration: number
  /** Hashes a second, with as many at once as the server runs. */
  readonly perSecond: number
}

async function measure(argon2: Argon2Parameters, config: Config): Promise<Measurement> {
  const concurrency = hashConcurrency({ threads: config.threads, processes: config.workers })
  const { hash } = await createPasswordHasher({
    argon2,
    pool: createHashPool({ concurrency, maxWait: 60 }),
  })
  const times: number[] = []
  for (let round = 0; round < 3; round++) times.push(await timed(() => hash('a password')))
  // What else the machine does makes a hash take longer, never shorter.
  const duration = Math.min(...times)
  const count = 2 * concurrency
  const elapsed = await timed(() =>
    Promise.all(Array.from({ length: count }, () => hash('a password'))),
  )
  return { duration, perSecond: (1000 * count) / elapsed }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function suggest(
  cost: Argon2Parameters,
  duration: number,
  target: number,
  config: Config,
): Promise<string> {
  const suggested = parametersFor(cost, duration, target)
  const { memory, time, parallelism } = suggested
  const same = (Object.keys(cost) as (keyof Argon2Parameters)[]).every(
    (name) => cost[name] === suggested[name],
  )
  if (same) return `That is as near to ${target} ms as the parameters go.`
  const measured = await measure(suggested, config)
  const least = isLeast(suggested) ? ', with the least memory and time that OWASP recommends' : ''
  return `For ${target} ms set ARGON2_MEMORY=${memory}, ARGON2_TIME=${time}, ARGON2_PARALLELISM=${parallelism}: ${measured.duration.toFixed(0)} ms here, and time for ${measured.perSecond.toFixed(1)} logins a second${least}.`
}

function isLeast({ memory, time }: Argon2Parameters): boolean {
  return memory === defaultArgon2Parameters.memory && time === defaultArgon2Parameters.time
}

/** KiB beyond which more passes are suggested, and not more memory: many hashes run at once. */
const enoughMemory = 65536
const mostTime = 16

/**
 * Returns parameters whose hash takes about `target` milliseconds, given what one of `cost` takes:
 * the work is proportional to memory times passes. Never below OWASP's minimum; memory comes first,
 * because it is what a guesser's hardware has little of.
 */
export function parametersFor(
  cost: Argon2Parameters,
  duration: number,
  target: number,
): Argon2Parameters {
  const work = (cost.memory * cost.time * target) / duration
  const { memory: leastMemory, time: leastTime } = defaultArgon2Parameters
  const wanted = Math.floor(work / leastTime / 1024) * 1024
  const memory = Math.max(leastMemory, Math.min(enoughMemory, wanted))
  const time = Math.max(leastTime, Math.min(mostTime, Math.round(work / memory)))
  return { memory, time, parallelism: cost.parallelism }
}

function memoryFinding({ argon2, threads, workers }: Config): Finding | null {
  const atOnce = workers * hashConcurrency({ threads, processes: workers })
  const needed = atOnce * argon2.memory * 1024
  // What a container may use, where it is less than the machine has.
  const limit = process.constrainedMemory()
  const available = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  if (needed < available / 2) return null
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`
  return warning(
    `${atOnce} hashes at once take ${mebibytes(needed)} of ${mebibytes(available)}.`,
    'Lower ARGON2_MEMORY and raise ARGON2_TIME, or run fewer WORKERS.',
  )
}

function describe({ memory, time, parallelism }: Argon2Parameters): string {
  return `m=${memory} KiB, t=${time}, p=${parallelism}`
}
