// What a flood of requests for new passwords does to everybody else, and how many rows and mails it makes:
//
//   ROUNDS=6 SECONDS=10 RATE=167 node bench/accounts/reset-flood.ts
//
// Half of the addresses are those of users. The flood comes from many sources, and from one. For comparison
// there are requests at the same rate for the metadata, which cost the server next to nothing. The server has one
// core, and the load another. ENGINE=postgres for PostgreSQL; PROBES for other than 200 requests for `GET /me` a second.

import { loadavg } from 'node:os'
import { pinning, pinSelf } from '../compare/processes.ts'
import { ratio, spread } from '../compare/statistics.ts'
import { formatTable, quantiles } from '../quantiles.ts'
import { sourceOf } from '../serving.ts'
import { startProber } from './prober.ts'
import { addressOf, atRate, engine, logIn, type Site, withSite } from './site.ts'

const { ROUNDS = '6', SECONDS = '10', RATE = '167', PROBES = '200' } = process.env
const [rounds, seconds, rate] = [Number(ROUNDS), Number(SECONDS), Number(RATE)]
const users = Math.ceil(rounds * seconds * rate)

pinSelf()
const prober = startProber()

async function measure({ ask, ...site }: Site): Promise<void> {
  const { access: token } = await logIn({ ...site, ask }, 0)
  let asked = 0
  const reset = async (source: string): Promise<void> => {
    const number = asked++
    const email = number % 2 === 0 ? addressOf(number % users) : `nobody-${number}@example.com`
    const { status, text } = await ask('/auth/password-reset', { source, body: { email } })
    if (status !== 202) throw new Error(`A request was answered with ${status}: ${text}`)
  }
  const metadata = (): Promise<unknown> => ask('/.well-known/oauth-authorization-server')
  const phases = {
    quiet: null,
    metadata,
    'resets, many sources': (number: number) => reset(sourceOf((1 << 20) + asked + number)),
    'resets, one source': () => reset('192.0.2.7'),
  }
  const kept = Object.entries(phases).map(([name, work]) => {
    const made = { outbox: 0, throttle: 0, mails: 0 }
    return { name, work, p50: [] as number[], p99: [] as number[], made }
  })
  const counts = async () => ({
    outbox: await site.rowsOf('mail_outbox'),
    throttle: await site.rowsOf('throttle'),
    mails: site.relay.taken.size,
  })
  /** Waits until nothing is left that is to be sent. */
  const settled = async (): Promise<void> => {
    const waiting = "select count(*) as count from mail_outbox where state = 'waiting'"
    while (Number((await site.database.ask(waiting))[0]?.count) > 0) await atRate(1, 1, metadata)
  }
  const probe = () => prober.probe({ url: site.url(), token, perSecond: Number(PROBES), seconds })
  await probe()
  const began = performance.now()
  for (let round = 0; round < rounds; round++) {
    const first = round % kept.length
    for (const { work, p50, p99, made } of [...kept.slice(first), ...kept.slice(0, first)]) {
      const before = await counts()
      const [taken] = await Promise.all([probe(), work && atRate(rate, seconds, work)])
      const times = quantiles(taken)
      p50.push(times.p50)
      p99.push(times.p99)
      await settled()
      const after = await counts()
      for (const key of ['outbox', 'throttle', 'mails'] as const) {
        made[key] += after[key] - before[key]
      }
    }
  }
  const elapsed = (performance.now() - began) / 1000
  const control = kept[1]?.p99 ?? []
  console.log(
    formatTable([
      [
        `GET /me, ${engine}`,
        'p50, ms',
        'p99, ms',
        'p99 to metadata',
        'mails stored',
        'throttle',
        'sent',
      ],
      ...kept.map(({ name, p50, p99, made }) => [
        ...[name, spread(p50), spread(p99), ratio(p99, control).toFixed(2)],
        ...[made.outbox, made.throttle, made.mails],
      ]),
    ]),
  )
  console.log(
    `${asked} requests for ${users / 2} users; in ${elapsed.toFixed(0)} s a process lets ${(1000 + 10 * elapsed).toFixed(0)} mails through. Load ${loadavg()[0]?.toFixed(1)}; ${pinning}.`,
  )
}

await withSite(users, measure, undefined, 'server')
prober.stop()
process.exit()
