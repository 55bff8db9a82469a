// Faults of a real PostgreSQL cluster, and what the clients of two servers see of them. Run by hand:
//
//   node bench/cluster/drills.ts [--only killed] [--way haproxy] [--tree ../other]
//
// Each drill has a cluster of its own, and takes two minutes on each of its ways. `--tree` names another working
// tree, whose servers are tried in place of this one's.

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { killed, switchover } from './drills/failover.ts'
import { frozen, woken } from './drills/frozen.ts'
import { lock } from './drills/lock.ts'
import { network } from './drills/network.ts'
import { standbys } from './drills/standbys.ts'
import { unfenced } from './drills/unfenced.ts'
import { type Drill, hold } from './hold.ts'
import { run } from './run.ts'
import { thisTree } from './site.ts'

const drills: Readonly<Record<string, Drill>> = {
  ...{ standbys, frozen, woken, killed, switchover, unfenced, lock, network },
}
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(drills) },
    way: { type: 'string', multiple: true },
    tree: { type: 'string', default: thisTree },
  },
})
const tree = resolve(values.tree)

await run(
  values.only.flatMap((name) => {
    const drill = drills[name]
    if (drill === undefined) throw new Error(`There is no drill ${name}.`)
    const ways = drill.ways.filter((way) => values.way?.includes(way) ?? true)
    return ways.map((way) => (onEnd) => hold(drill, way, tree, onEnd))
  }),
)
