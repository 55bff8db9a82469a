// What strangers at the login page do to everybody else: requests to the authorization endpoint by nobody who is
// logged in, each answered with the page, and some with a mistake.
//
//   ROUNDS=6 SECONDS=10 RATE=167 node bench/authorize-flood.ts
//
// For comparison there are requests at the same rate for a route without a guard. The server has one core, and the
// load another. PROBES for other than 200 requests for `GET /me` a second.

import { loadavg } from 'node:os'
import { startProber } from './accounts/prober.ts'
import { atRate } from './accounts/site.ts'
import { ours } from './compare/contestants.ts'
import { createFixture } from './compare/fixture.ts'
import { pinning, pinSelf, startServer } from './compare/processes.ts'
import { authorizationRequest, redirectUri } from './compare/round-trips.ts'
import { withCleanup } from './compare/rows/row.ts'
import { median, ratio, spread } from './compare/statistics.ts'
import { formatTable, quantiles } from './quantiles.ts'

const { ROUNDS = '6', SECONDS = '10', RATE = '167', PROBES = '200' } = process.env
const [rounds, seconds, rate] = [Number(ROUNDS), Number(SECONDS), Number(RATE)]

pinSelf()
const prober = startProber()

await withCleanup(async (onEnd) => {
  const fixture = await createFixture({ algorithm: 'ES256', users: 1000, accessTokens: 1 })
  onEnd(fixture.remove)
  const { auth, database, environment, accessTokens } = fixture
  await auth.clients.register({ id: 'third', confidential: false, redirectUris: [redirectUri] })
  const server = await startServer(ours({ ...environment, HOSTED_LOGIN: 'true' }), 'server')
  onEnd(server.stop)
  const good = authorizationRequest({
    ...{ clientId: 'third', authorizePath: '/auth/authorize', scope: 'openid' },
  })
  let bytes = 0

  const visit = (path: string, expected: number) => async (): Promise<void> => {
    const answer = await fetch(server.url + path, { redirect: 'manual' })
    bytes = (await answer.arrayBuffer()).byteLength
    if (answer.status !== expected) throw new Error(`${path} was answered with ${answer.status}.`)
  }
  const processor = async (): Promise<number> => {
    const answer = (await (await fetch(`${server.url}/cpu`)).json()) as NodeJS.CpuUsage
    return (answer.user + answer.system) / 1000
  }
  const rows = async (): Promise<number> => {
    const tables = ['sessions', 'authorization_codes', 'consents', 'events', 'throttle']
    const counts = tables.map((table) => `(select count(*) from ${table})`)
    return Number((await database.ask(`select ${counts.join(' + ')} as count`))[0]?.count)
  }
  const phases = {
    quiet: null,
    'a route without a guard': visit('/unguarded', 200),
    'the login page': visit(good, 200),
    'a redirect URI that is not registered': visit(good.replace('callback', 'elsewhere'), 400),
  }
  const kept = Object.entries(phases).map(([name, work]) => ({
    ...{ name, work, p50: [] as number[], p99: [] as number[], cpu: [] as number[] },
    ...{ written: 0, bytes: 0 },
  }))
  const probe = () =>
    prober.probe({
      ...{ url: server.url, token: accessTokens[0] ?? '', perSecond: Number(PROBES), seconds },
    })
  for (const { work } of kept) await Promise.all([probe(), work && atRate(rate, seconds, work)])
  for (let round = 0; round < rounds; round++) {
    const first = round % kept.length
    for (const phase of [...kept.slice(first), ...kept.slice(0, first)]) {
      const before = { rows: await rows(), cpu: await processor() }
      const [taken] = await Promise.all([probe(), phase.work && atRate(rate, seconds, phase.work)])
      const times = quantiles(taken)
      phase.p50.push(times.p50)
      phase.p99.push(times.p99)
      phase.cpu.push(((await processor()) - before.cpu) / seconds)
      phase.written += (await rows()) - before.rows
      if (phase.work) phase.bytes = bytes
    }
  }
  const [quiet, control] = kept
  console.log(
    formatTable([
      [
        ...['GET /me meanwhile', 'p50, ms', 'p99, ms', 'p99 to the control'],
        ...['ms of processor for each', 'bytes', 'rows written'],
      ],
      ...kept.map(({ name, p50, p99, cpu, bytes, written }) => [
        ...[name, spread(p50), spread(p99), ratio(p99, control?.p99 ?? []).toFixed(2)],
        ((median(cpu) - median(quiet?.cpu ?? [])) / rate).toFixed(2),
        ...[bytes, written],
      ]),
    ]),
  )
  const load = loadavg()[0]?.toFixed(1)
  console.log(
    `${rate} requests a second, ${rounds} rounds of ${seconds} s. Load ${load}; ${pinning}.`,
  )
})
prober.stop()
process.exit()
