// What GET /me costs in this tree and in another one, such as that of an earlier commit:
//
//   git worktree add --detach ../before 5f01ff7 && ln -s "$PWD/node_modules" ../before/node_modules
//   ROUNDS=9 node bench/accounts/two-trees.ts ../before
//
// Both servers run all the time, on one core; each round asks each of them once, in another order. The other
// tree is there twice: what these two differ by is noise. ENGINE=postgres for PostgreSQL, TOKENS for how many
// tokens are used in turn, SECONDS for the length of a measurement. Linux alone tells the CPU time.

import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { load } from '../compare/load.ts'
import { startServer } from '../compare/processes.ts'
import { withTokens } from '../compare/rows/me.ts'
import { withCleanup } from '../compare/rows/row.ts'
import { median, ratio } from '../compare/statistics.ts'
import { formatTable } from '../quantiles.ts'

const { ROUNDS = '9', SECONDS = '4', TOKENS = '1', ENGINE = 'sqlite' } = process.env
const tokens = Number(TOKENS)
const here = resolve(import.meta.dirname, '../..')
const other = resolve(process.argv[2] ?? '.')
const trees = { other, 'other, again': other, this: here }

/** Seconds of CPU that a process has used, in all its threads. */
function cpuOf(pid = 0): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  // The 14th and the 15th of all, in hundredths of a second (proc(5)).
  return (Number(fields[11]) + Number(fields[12])) / 100
}

await withCleanup(async (onEnd) => {
  const contestants = []
  for (const [name, tree] of Object.entries(trees)) {
    const from = (file: string) => import(pathToFileURL(`${tree}/bench/compare/${file}.ts`).href)
    const { createFixture }: typeof import('../compare/fixture.ts') = await from('fixture')
    const { ours }: typeof import('../compare/contestants.ts') = await from('contestants')
    // Each tree fills a database of its own, which has the tables of that tree.
    const engine = ENGINE === 'postgres' ? 'postgres' : 'sqlite'
    const fixture = await createFixture({ engine, users: 10_000, accessTokens: tokens })
    onEnd(fixture.remove)
    const { url, child, stop } = await startServer(ours(fixture.environment), 'server')
    onEnd(stop)
    const measure = async (seconds: number) => {
      const before = cpuOf(child.pid)
      const { rate } = await load(url, withTokens(fixture.accessTokens), { seconds })
      return { rate, cpu: (1e6 * (cpuOf(child.pid) - before)) / (rate * seconds) }
    }
    await measure(4)
    contestants.push({ name, measure, rate: [] as number[], cpu: [] as number[] })
  }
  for (let round = 0; round < Number(ROUNDS); round++) {
    const first = round % contestants.length
    for (const each of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const { rate, cpu } = await each.measure(Number(SECONDS))
      each.rate.push(rate)
      each.cpu.push(cpu)
    }
  }
  const spread = (values: readonly number[]): string =>
    `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`
  const [reference] = contestants
  const head = [`${ENGINE}, ${tokens} token(s)`, 'per second', 'µs of CPU each', 'rate', 'CPU']
  const rows = contestants.map(({ name, rate, cpu }) => [
    ...[name, spread(rate), spread(cpu)],
    ratio(rate, reference?.rate ?? []).toFixed(3),
    ratio(cpu, reference?.cpu ?? []).toFixed(3),
  ])
  console.log(formatTable([head, ...rows]))
  console.log(`Load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`)
})
process.exit()
