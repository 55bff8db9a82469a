// What a relay that hangs, and one that is gone, cost those who ask for something:
//
//   ROUNDS=5 SECONDS=6 node bench/accounts/hanging-relay.ts
//
// In each round the relay takes mails, hangs and is gone, for some seconds each, in another order. Meanwhile users
// ask for new passwords, 10 a second, and for GET /me, 50 a second. At the end it takes mails again, and those
// that wait are sent: in ten minutes or so, as the pause before a try grows. ENGINE=postgres for PostgreSQL.

import { loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { median, ratio } from '../compare/statistics.ts'
import { formatTable, quantiles } from '../quantiles.ts'
import { sourceOf } from '../serving.ts'
import type { Temper } from './relay.ts'
import { addressOf, atRate, engine, logIn, withSite } from './site.ts'

const { ROUNDS = '5', SECONDS = '6' } = process.env
const [rounds, seconds, rate] = [Number(ROUNDS), Number(SECONDS), 10]
const tempers: readonly Temper[] = ['takes', 'hangs', 'gone']
const users = 3 * rounds * Math.ceil(seconds * rate)

await withSite(users, async (site) => {
  const { ask, relay } = site
  const { access: token } = await logIn(site, 0)
  let asked = 0
  const reset = () => {
    const user = asked++
    const body = { email: addressOf(user) }
    return ask('/auth/password-reset', { source: sourceOf((1 << 20) + user), body })
  }
  const kept = tempers.map((temper) => ({
    ...{ temper, me: [] as number[], reset: [] as number[], median: [] as number[], open: 0 },
  }))
  const probe = () => atRate(50, seconds, () => ask('/me', { token }))
  await probe()
  for (let round = 0; round < rounds; round++) {
    const first = round % kept.length
    for (const each of [...kept.slice(first), ...kept.slice(0, first)]) {
      await relay.become(each.temper)
      const [mes, resets] = await Promise.all([probe(), atRate(rate, seconds, reset)])
      if (mes.some(({ status }) => status !== 200) || resets.some(({ status }) => status !== 202)) {
        throw new Error('A request was refused.')
      }
      each.open = Math.max(each.open, relay.mostOpen())
      const times = (answers: typeof mes) =>
        quantiles(answers.map(({ milliseconds }) => milliseconds))
      each.me.push(times(mes).p99)
      each.reset.push(times(resets).p99)
      each.median.push(times(resets).p50)
    }
  }
  const spread = (values: readonly number[]): string =>
    `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`
  const head = ['me p99, ms', 'to one that takes', 'reset p50, ms', 'reset p99, ms', 'connections']
  console.log(
    formatTable([
      [`the relay, ${engine}`, ...head],
      ...kept.map(({ temper, me, reset, median, open }) => [
        ...[temper, spread(me), ratio(me, kept[0]?.me ?? []).toFixed(2)],
        ...[spread(median), spread(reset), open],
      ]),
    ]),
  )
  await relay.become('takes')
  const began = performance.now()
  const waiting = "select count(*) as count from mail_outbox where state = 'waiting'"
  const waits = async () => Number((await site.database.ask(waiting))[0]?.count)
  const left = await waits()
  while ((await waits()) > 0) await setTimeout(500)
  const took = (performance.now() - began) / 1000
  console.log(
    `${left} mails waited; all were sent ${took.toFixed(0)} s after the relay was back. ${relay.taken.size} of ${asked} were taken. Load ${loadavg()[0]?.toFixed(1)}.`,
  )
})
process.exit()
