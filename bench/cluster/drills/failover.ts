import { type Drill, type Row, seconds } from '../hold.ts'
import type { Stage } from '../stage.ts'
import { countLeaks } from './leaks.ts'

/** The machine of the primary loses its power. */
export const killed: Drill = {
  title: 'primary killed',
  ways: ['hosts', 'haproxy', 'pgbouncer-session', 'pgbouncer-transaction'],
  async fault(stage) {
    const primary = await stage.cluster.primary()
    return await timePromotion(stage, async () => primary.kill())
  },
}

/** An operator hands over. */
export const switchover: Drill = {
  title: 'planned switchover',
  ways: ['hosts', 'haproxy', 'pgbouncer-session', 'pgbouncer-transaction'],
  fault: (stage) => timePromotion(stage, () => stage.cluster.switchOver()),
}

async function timePromotion(
  { cluster, way }: Stage,
  act: () => Promise<void>,
): Promise<readonly Row[]> {
  const primary = await cluster.primary()
  const began = performance.now()
  const acting = act()
  await cluster.successorOf(primary)
  const took = (performance.now() - began) / 1000
  await acting
  await seconds(10)
  const leaks = way.isPooled ? await countLeaks(way) : []
  return [['another machine takes writes after', `${took.toFixed(1)} s`], ...leaks]
}
