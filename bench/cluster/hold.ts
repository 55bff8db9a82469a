import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { formatTable } from '../quantiles.ts'
import type { OnEnd } from './cluster.ts'
import type { Ledger, Wrong } from './ledger.ts'
import { checkAll } from './probes.ts'
import type { Tree } from './site.ts'
import { openStage, type Stage } from './stage.ts'
import { until } from './until.ts'
import type { WayName } from './ways.ts'

export type Row = readonly [what: string, value: string | number]

/** A fault, and what is told of it beyond what is told of every fault. */
export interface Drill {
  readonly title: string
  readonly ways: readonly WayName[]
  /** From the beginning of the fault to its end. */
  readonly fault: (stage: Stage) => Promise<readonly Row[]>
}

export const seconds = (count: number): Promise<void> => setTimeout(1000 * count)

/** Holds a drill on a cluster of its own, and prints its table. */
export async function hold(
  { title, fault }: Drill,
  wayName: WayName,
  tree: Tree,
  onEnd: OnEnd,
): Promise<void> {
  const stage = await openStage(wayName, tree, onEnd)
  const { watch, ledger } = stage
  await serves(stage)
  await seconds(10)
  watch.restart()
  const delay = monitorEventLoopDelay()
  delay.enable()
  const told = await fault(stage)
  const isBack = await serves(stage).then(
    () => true,
    () => false,
  )
  await seconds(5)
  const saw = watch.rows()
  const late = (delay.max / 1e9).toFixed(1)
  await stage.end()
  const rows: readonly Row[] = [
    ...saw,
    ['every process serves again', isBack ? 'yes' : 'no'],
    ...against(ledger),
    ...(isBack ? await lost(stage) : []),
    ...told,
    // Times say nothing where the machine had no time for the clients.
    ['the clients themselves were late by, at most', `${late} s`],
  ]
  console.log(`\n${formatTable([[title, wayName], ...rows])}`)
}

/** Waits until every process has answered a read and a write well. */
async function serves({ watch, lanes }: Stage): Promise<void> {
  const since = performance.now()
  const pids = lanes.map(({ pid }) => pid)
  await until('every process serves', () => watch.isWell(pids, since))
}

async function lost(stage: Stage): Promise<readonly Row[]> {
  const { logouts, roles } = await checkAll(stage)
  const { ended, changing } = stage.ledger
  return [
    ['acknowledged log-outs lost', `${logouts} of ${ended.length}`],
    ['acknowledged roles lost', `${roles} of ${changing.length}`],
  ]
}

/** What happened against what was acknowledged. */
function against({ loggedOut, refusedAlive, accepted }: Ledger): readonly Row[] {
  const times = (what: Wrong): number => accepted.filter((each) => each.what === what).length
  return [
    ['clients logged out', loggedOut],
    ['live access tokens refused', refusedAlive],
    ['ended tokens accepted', times('ended token')],
    ['refresh tokens of ended sessions accepted', times('refresh token of an ended session')],
    ['old roles seen', times('old role')],
  ]
}
