// What guards cost the compiler: 200 guarded Fastify routes, beside the same routes without guards.
// node bench/types.ts [--rounds 7]

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median, ratio } from './compare/statistics.ts'
import { buildTypes, type Diagnostics, typeCheck, writeApplication } from './types/application.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
const work = mkdtempSync(join(tmpdir(), 'portcullis-types-'))
try {
  const built = join(work, 'package')
  mkdirSync(built)
  buildTypes(built)
  const places = { guarded: join(work, 'guarded'), without: join(work, 'without') }
  writeApplication(places.guarded, built, true)
  writeApplication(places.without, built, false)

  const runs: Record<keyof typeof places, Diagnostics[]> = { guarded: [], without: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    // In turns: what else the machine does affects both.
    const order =
      round % 2 === 0 ? (['guarded', 'without'] as const) : (['without', 'guarded'] as const)
    for (const name of order) runs[name].push(typeCheck(places[name]))
  }

  for (const key of ['processor', 'check', 'instantiations'] as const) {
    const [guarded, without] = [runs.guarded, runs.without].map((list) =>
      list.map((run) => run[key]),
    )
    if (!guarded || !without) continue
    const quotient = ratio(guarded, without).toFixed(2)
    console.log(
      `${key}: ${median(guarded)} with guards, ${median(without)} without: ${quotient} to 1`,
    )
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
