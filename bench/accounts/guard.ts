// What a guarded request takes in this tree and in another one, within one process and without sockets:
//
//   ROUNDS=400 node bench/accounts/guard.ts ../before
//
// Short batches in turn; the least time of a batch is the one that other work of the machine has touched least. The
// other tree is there twice: what these two differ by is noise. See two-trees.ts for how to make it.

import { loadavg } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { withCleanup } from '../compare/rows/row.ts'
import { formatTable } from '../quantiles.ts'

const { ROUNDS = '400', TOKENS = '1000' } = process.env
const batch = 100
const here = resolve(import.meta.dirname, '../..')
const other = resolve(process.argv[2] ?? '.')
const trees = { other, 'other, again': other, this: here }

await withCleanup(async (onEnd) => {
  const contestants = []
  for (const [name, tree] of Object.entries(trees)) {
    const from = (file: string) => import(pathToFileURL(`${tree}/${file}`).href)
    const fixtures: typeof import('../compare/fixture.ts') = await from('bench/compare/fixture.ts')
    const server: typeof import('../../src/server/app.ts') = await from('src/server/app.ts')
    const { auth, accessTokens, remove } = await fixtures.createFixture({
      ...{ users: 1000, accessTokens: Number(TOKENS) },
    })
    onEnd(remove)
    const app = await server.buildApp({ auth, prune: false, logger: false })
    onEnd(() => app.close())
    const requests = accessTokens.map((token) => ({
      ...{ url: '/me', headers: { authorization: `Bearer ${token}` } },
    }))
    let next = 0
    const measure = async (): Promise<number> => {
      const began = performance.now()
      for (let each = 0; each < batch; each++) {
        const request = requests[next++ % requests.length] ?? '/me'
        const { statusCode } = await app.inject(request)
        if (statusCode !== 200) throw new Error(`GET /me was answered with ${statusCode}.`)
      }
      return (1000 * (performance.now() - began)) / batch
    }
    contestants.push({ name, measure, taken: [] as number[] })
  }
  for (let round = -50; round < Number(ROUNDS); round++) {
    for (const place of contestants.keys()) {
      const each = contestants[(place + Math.abs(round)) % contestants.length]
      const taken = await each?.measure()
      if (round >= 0 && taken !== undefined) each?.taken.push(taken)
    }
  }
  const rows = contestants.map(({ name, taken }) => {
    const sorted = taken.toSorted((a, b) => a - b)
    const at = (share: number): string =>
      (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(1)
    return [name, at(0), at(0.1), at(0.25), at(0.5)]
  })
  console.log(formatTable([['µs a request', 'least', '10 %', '25 %', 'median'], ...rows]))
  console.log(`Load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`)
})
process.exit()
