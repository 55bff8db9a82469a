// What synchronous replication costs: refreshes and log-outs a second, 48 at once, with it and without it in
// turns, by two servers of two workers:
//
//   ROUNDS=3 node bench/cluster/cost.ts [--tree ../other]

import { loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { password } from '../compare/fixture.ts'
import { median } from '../compare/statistics.ts'
import { formatTable, type Quantiles, quantiles } from '../quantiles.ts'
import { type Cluster, startCluster } from './cluster.ts'
import type { Asked } from './lane.ts'
import { run } from './run.ts'
import { nameOf, type Site, startSite, thisTree } from './site.ts'
import { until } from './until.ts'

const { values } = parseArgs({ options: { tree: { type: 'string', default: thisTree } } })
const rounds = Number(process.env.ROUNDS ?? 3)
const atOnce = 48
/** Of each kind, in each round. */
const many = 480

interface Sample extends Quantiles {
  readonly rate: number
}

/** Does something for every number, so many at once. */
async function inLanes(
  work: (number: number) => Promise<number>,
  lanes: number = atOnce,
): Promise<Sample> {
  const times: number[] = []
  let next = 0
  const began = performance.now()
  const lane = async (): Promise<void> => {
    while (next < many) times.push(await work(next++))
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const rate = (1000 * many) / (performance.now() - began)
  return { ...quantiles(times), rate }
}

async function measureSite({ lanes }: Site): Promise<Readonly<Record<string, Sample>>> {
  const tokens: string[] = []
  async function form(number: number, path: string, fields: Asked['form'] & {}): Promise<number> {
    const lane = lanes[number % lanes.length]
    const answer = await lane?.ask(path, { form: fields, source: number })
    if (answer?.status !== 200) throw new Error(`${path} was answered with ${answer?.status}.`)
    if (answer.body.refresh_token) tokens[number] = String(answer.body.refresh_token)
    return answer.answeredAt - answer.askedAt
  }
  const token = (number: number): string => tokens[number] ?? ''
  await inLanes((number) => {
    const username = nameOf.client(number % atOnce)
    return form(number, '/auth/token', { username, password })
    // More would have to wait for the hashes for too long, and be refused.
  }, 8)
  const refresh = { grant_type: 'refresh_token' }
  return {
    refresh: await inLanes((number) =>
      form(number, '/auth/token', { ...refresh, refresh_token: token(number) }),
    ),
    'log-out': await inLanes((number) => form(number, '/auth/revoke', { token: token(number) })),
  }
}

async function replicate(cluster: Cluster, isSynchronous: boolean): Promise<void> {
  await cluster.configure({ synchronous_mode: isSynchronous })
  const primary = await cluster.primary()
  await until('Patroni does as it is told', async () => {
    const [row] = await primary.ask('show synchronous_standby_names')
    return (row?.synchronous_standby_names !== '') === isSynchronous
  })
}

await run([
  async (onEnd) => {
    const cluster = await startCluster(onEnd)
    const users = { client: atOnce, changing: 0, reader: 0 }
    const url = cluster.hostsFrom(await cluster.primary())
    const urls = { serverUrl: url, storeUrl: url }
    const site = await startSite(resolve(values.tree), { ...urls, users }, onEnd)
    await measureSite(site)
    const samples = new Map<string, Sample[]>()
    for (let round = 0; round < rounds; round++) {
      for (const isSynchronous of [true, false]) {
        await replicate(cluster, isSynchronous)
        for (const [what, sample] of Object.entries(await measureSite(site))) {
          const name = `${what}, ${isSynchronous ? 'synchronous' : 'asynchronous'}`
          samples.set(name, [...(samples.get(name) ?? []), sample])
        }
      }
    }
    const of = (all: readonly Sample[], key: keyof Sample): string =>
      median(all.map((sample) => sample[key])).toFixed(0)
    console.log(
      formatTable([
        [`${atOnce} at once, medians of ${rounds} rounds`, 'a second', 'p50, ms', 'p99, ms'],
        ...[...samples].map(([name, all]) => [
          ...[name, of(all, 'rate'), of(all, 'p50'), of(all, 'p99')],
        ]),
      ]),
    )
    console.log(`Load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`)
  },
])
