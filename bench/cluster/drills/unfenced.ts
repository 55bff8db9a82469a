import { type Drill, seconds } from '../hold.ts'
import { countWithoutEffect } from '../ledger.ts'
import { tellWhen } from './wrongs.ts'

/** Seconds that there are two primaries, and servers of both. */
const both = 15

/**
 * Patroni of the primary hangs, and its PostgreSQL goes on: there are two primaries. A server that starts
 * meanwhile, and names the new one first, works on that; the others are on the old one.
 */
export const unfenced: Drill = {
  title: 'Patroni of the primary frozen, its PostgreSQL alive',
  ways: ['hosts', 'haproxy'],
  async fault({ cluster, ledger, way, startServer, join }) {
    const old = await cluster.primary()
    const began = performance.now()
    old.freeze('patroni')
    const promoted = await cluster.successorOf(old)
    const promotedAt = performance.now()
    const isDirect = way.url === cluster.hostsFrom(old)
    join(await startServer(isDirect ? cluster.hostsFrom(promoted) : way.url))
    const startedAt = performance.now()
    await seconds(both)
    const [without, all] = await countWithoutEffect(ledger, promoted, promotedAt)
    old.thaw()
    const thawedAt = performance.now()
    await cluster.settle()
    await seconds(15)
    const after = (at: number): string => `${((at - promotedAt) / 1000).toFixed(1)} s`
    return [
      ['promotion after', `${((promotedAt - began) / 1000).toFixed(1)} s`],
      ['a third server serves, after the promotion', after(startedAt)],
      ['Patroni goes on, after the promotion', after(thawedAt)],
      ...tellWhen(ledger, 'the promotion', promotedAt),
      ['log-outs without effect on the new primary', `${without} of ${all}`],
      ['the primary in the end', (await cluster.primary()) === old ? 'the old one' : 'the new one'],
    ]
  },
}
