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
  const { watch, ledger, lanes } = stage
  await seconds(10)
  watch.restart()
  const delay = monitorEventLoopDelay()
  delay.enable()
  const told = await fault(stage)
  const over = performance.now()
  await until('every process serves again', () =>
    watch.isWell(
      lanes.map(({ pid }) => pid),
      over,
    ),
  )
  await seconds(5)
  const saw = watch.rows()
  const late = (delay.max / 1e9).toFixed(1)
  await stage.end()
  const lost = await checkAll(stage)
  const rows: readonly Row[] = [
    ...saw,
    ...against(ledger),
    ['acknowledged log-outs lost', `${lost.logouts} of ${ledger.ended.length}`],
    ['acknowledged roles lost', `${lost.roles} of ${ledger.changing.length}`],
    ...told,
    // Times say nothing where the machine had no time for the clients.
    ['the clients themselves were late by, at most', `${late} s`],
  ]
  console.log(`\n${formatTable([[title, wayName], ...rows])}`)
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
