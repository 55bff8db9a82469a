// How long the requests that strangers send take beside a log-out:
//
//   ROUNDS=9 TIMES=40 node bench/accounts/request-times.ts
//
// One after another on an idle server, in turn; each request makes a mail. ENGINE=postgres for PostgreSQL.

import { loadavg } from 'node:os'
import { median, ratio } from '../compare/statistics.ts'
import { formatTable } from '../quantiles.ts'
import { sourceOf } from '../serving.ts'
import { addressOf, engine, logIn, withSite } from './site.ts'

const { ROUNDS = '9', TIMES = '40' } = process.env
const [rounds, times] = [Number(ROUNDS), Number(TIMES)]
const users = rounds * times

await withSite(users, async (site) => {
  const refresh: string[] = []
  for (let user = 0; user < users; user++) refresh.push((await logIn(site, user)).refresh)
  // Mails would be sent meanwhile, and each would be measured with the next request.
  await site.relay.become('hangs')
  let asked = 0
  const from = () => sourceOf((1 << 20) + asked++)
  const requests = {
    'POST /auth/revoke': (number: number) =>
      site.ask('/auth/revoke', {
        body: new URLSearchParams({ token: refresh[number] ?? '' }).toString(),
      }),
    'POST /auth/password-reset, a user': (number: number) =>
      site.ask('/auth/password-reset', { source: from(), body: { email: addressOf(number) } }),
    'POST /auth/password-reset, nobody': (number: number) =>
      site.ask('/auth/password-reset', {
        ...{ source: from(), body: { email: `nobody-${number}@example.com` } },
      }),
    'POST /auth/register': (number: number) =>
      site.ask('/auth/register', { source: from(), body: { email: `new-${number}@example.com` } }),
  }
  const kept = Object.entries(requests).map(([name, send]) => ({
    name,
    send,
    taken: [] as number[],
  }))
  for (let round = 0; round < rounds; round++) {
    const durations = kept.map((): number[] => [])
    for (let time = 0; time < times; time++) {
      for (const [index, { name, send }] of kept.entries()) {
        const { status, milliseconds } = await send(round * times + time)
        if (status >= 300) throw new Error(`${name} was answered with ${status}.`)
        durations[index]?.push(milliseconds)
      }
    }
    for (const [index, { taken }] of kept.entries()) taken.push(median(durations[index] ?? []))
  }
  console.log(
    formatTable([
      [engine, 'ms, median', 'spread of the rounds', 'to a log-out'],
      ...kept.map(({ name, taken }) => [
        ...[name, median(taken).toFixed(2)],
        `${Math.min(...taken).toFixed(2)}–${Math.max(...taken).toFixed(2)}`,
        ratio(taken, kept[0]?.taken ?? []).toFixed(2),
      ]),
    ]),
  )
  console.log(`${await site.rowsOf('mail_outbox')} mails. Load ${loadavg()[0]?.toFixed(1)}.`)
})
process.exit()
