// How long the requests that strangers send take beside a log-out, and whether they tell who has an account:
//
//   ROUNDS=9 TIMES=56 node bench/accounts/request-times.ts
//
// One after another on an idle server, in turn; each request makes a mail. The two of a pair, for somebody who has an
// account and for nobody, take turns in going first. All times of each are compared: z is that of Mann and Whitney.
// ENGINE=postgres for PostgreSQL.

import { loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { mannWhitney, median, ratio } from '../compare/statistics.ts'
import { formatTable } from '../quantiles.ts'
import { sourceOf } from '../serving.ts'
import { addressOf, engine, logIn, withSite } from './site.ts'

const { ROUNDS = '9', TIMES = '56' } = process.env
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
    'POST /auth/register, a user': (number: number) =>
      site.ask('/auth/register', { source: from(), body: { email: addressOf(number) } }),
    'POST /auth/register, nobody': (number: number) =>
      site.ask('/auth/register', { source: from(), body: { email: `new-${number}@example.com` } }),
  }
  const kept = Object.entries(requests).map(([name, send]) => ({
    name,
    send,
    ...{ taken: [] as number[], all: [] as number[] },
  }))
  const began = performance.now()
  // Below the limit of all mails, which is a thousand at once and ten a second: beyond it none is made.
  const allowed = (): number => 900 + (9 * (performance.now() - began)) / 1000
  for (let round = 0; round < rounds; round++) {
    const durations = kept.map((): number[] => [])
    for (let time = 0; time < times; time++) {
      while (asked + kept.length > allowed()) await setTimeout(100)
      const turn = [...kept.entries()]
      // What follows something else every time would be measured with its traces.
      if (time % 2 === 1) turn.reverse()
      for (const [index, { name, send, all }] of turn) {
        const { status, milliseconds } = await send(round * times + time)
        if (status >= 300) throw new Error(`${name} was answered with ${status}.`)
        durations[index]?.push(milliseconds)
        all.push(milliseconds)
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
  const timesOf = (name: string): readonly number[] =>
    kept.find((each) => each.name === name)?.all ?? []
  for (const path of ['POST /auth/password-reset', 'POST /auth/register']) {
    const [known, unknown] = [timesOf(`${path}, a user`), timesOf(`${path}, nobody`)]
    const z = mannWhitney(known, unknown).toFixed(2)
    console.log(`${path}: z = ${z} for ${known.length} of a user and ${unknown.length} of nobody.`)
  }
  console.log(`${await site.rowsOf('mail_outbox')} mails. Load ${loadavg()[0]?.toFixed(1)}.`)
})
process.exit()
