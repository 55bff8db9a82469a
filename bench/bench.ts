// Us and our peers on one machine in one run, interleaved:
//
//   npm run bench                     everything, in some 20 minutes
//   npm run bench -- --only me        one row, whose figures replace the earlier ones (again for more)
//   npm run bench -- --quick          whether it works, in a few seconds a row; keeps nothing
//   npm run bench -- --report         the tables and the plot again, from the figures that are there

import { parseArgs } from 'node:util'
import { installPeers } from './compare/contestants.ts'
import { describeMachine, peerVersions } from './compare/machine.ts'
import { writeReport } from './compare/report.ts'
import { readResults, writeResults } from './compare/results.ts'
import type { Effort } from './compare/rounds.ts'
import { rows } from './compare/rows.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
})
const unknown = values.only.filter((name) => !(name in rows))
if (unknown.length > 0) {
  throw new Error(
    `There is no row ${unknown.join(', ')}; there are: ${Object.keys(rows).join(', ')}.`,
  )
}
const effort: Effort = values.quick
  ? { rounds: 1, seconds: 1, users: 10_000 }
  : { rounds: Number(values.rounds), seconds: Number(values.seconds), users: 1_000_000 }

if (!values.report) {
  installPeers()
  for (const [name, row] of Object.entries(rows)) {
    if (values.only.length > 0 && !values.only.includes(name)) continue
    console.log(`${name}: ${row.title}`)
    const measurement = await row.measure(effort)
    if (values.quick) continue
    const measuredOn = new Date().toISOString().slice(0, 10)
    const about = { measuredOn, machine: describeMachine(), versions: peerVersions(), ...effort }
    writeResults({ ...readResults(), [name]: { ...about, ...measurement } })
  }
}
if (!values.quick) writeReport(readResults())
