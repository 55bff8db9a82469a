// Where a drill takes place: a cluster, two servers on a way to it, and the life of their clients.

import { type Crowd, changeRoles, enterChanging, runClient, runReader } from './clients.ts'
import { type Cluster, type OnEnd, startCluster } from './cluster.ts'
import type { Lane } from './lane.ts'
import { createLedger } from './ledger.ts'
import { probe } from './probes.ts'
import { startSite, type Tree, type Users } from './site.ts'
import { createWatch } from './watch.ts'
import { openWay, type Way, type WayName } from './ways.ts'

export interface Stage extends Crowd {
  readonly cluster: Cluster
  readonly way: Way
  /** Starts one more server, and returns its lanes. */
  startServer(databaseUrl: string): Promise<readonly Lane[]>
  /** Lets clients use more lanes, some of them no others, and shows these what they have to refuse. */
  join(lanes: readonly Lane[]): void
  /** Waits until all clients have done what they are at. */
  end(): Promise<void>
}

const users: Users = { client: 24, changing: 4, reader: 4 }

export async function openStage(wayName: WayName, tree: Tree, onEnd: OnEnd): Promise<Stage> {
  const cluster = await startCluster(onEnd)
  const way = await openWay(wayName, cluster, onEnd)
  const { port } = await cluster.primary()
  const storeUrl = `postgres://postgres@127.0.0.1:${port}/drills`
  const site = await startSite(tree, { serverUrl: way.url, storeUrl, users }, onEnd)
  const lanes = [...site.lanes]
  let isOver = false
  const [ledger, watch] = [createLedger(), createWatch()]
  const crowd: Crowd = { lanes, ledger, watch, users, isOver: () => isOver }
  await enterChanging(crowd)

  const runClients = (at: Crowd, many: number): Promise<void>[] =>
    Array.from({ length: many }, (_, number) => runClient(at, number))
  const probeAll = (all: readonly Lane[]): Promise<void>[] => all.map((lane) => probe(crowd, lane))
  const life: Promise<void>[] = []
  const failures: unknown[] = []
  const live = (...more: readonly Promise<void>[]): void => {
    life.push(...more.map((each) => each.catch((error) => void failures.push(error))))
  }
  live(
    ...runClients(crowd, users.client),
    ...lanes.map((lane, number) => runReader(crowd, lane, number)),
    ...probeAll(lanes),
    changeRoles(crowd),
  )
  async function end(): Promise<void> {
    isOver = true
    await Promise.all(life)
    if (failures.length > 0) throw failures[0]
  }
  onEnd(() => end().catch(() => {}))
  return {
    ...{ ...crowd, cluster, way, end, startServer: site.startServer },
    join(more) {
      lanes.push(...more)
      live(...runClients({ ...crowd, lanes: more }, users.client / 3), ...probeAll(more))
    },
  }
}
