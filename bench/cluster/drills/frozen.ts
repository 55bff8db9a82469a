import { type Drill, seconds } from '../hold.ts'
import { tellWhen } from './wrongs.ts'

/** The machine of the primary stands still, for less time than Patroni waits before it promotes another. */
export const frozen: Drill = {
  title: 'primary frozen for 20 s',
  ways: ['hosts', 'haproxy'],
  async fault({ cluster }) {
    const primary = await cluster.primary()
    primary.freeze('all')
    await seconds(20)
    primary.thaw()
    return []
  },
}

/** It stands still for longer. A server that was idle meanwhile has connections to it when it wakes. */
export const woken: Drill = {
  title: 'primary frozen for 45 s, and a third server idle',
  ways: ['hosts', 'haproxy'],
  async fault({ cluster, ledger, way, startServer, join }) {
    const idle = await startServer(way.url)
    const token = ledger.changing[0]?.accessToken ?? ''
    await Promise.all(idle.flatMap((lane) => [1, 2, 3, 4].map(() => lane.ask('/me', { token }))))
    const old = await cluster.primary()
    const began = performance.now()
    old.freeze('all')
    await cluster.successorOf(old)
    const promotedAt = performance.now()
    await seconds(45 - (promotedAt - began) / 1000)
    const wokenAt = performance.now()
    old.thaw()
    join(idle)
    await seconds(20)
    await cluster.settle()
    return [
      ['promotion after', `${((promotedAt - began) / 1000).toFixed(1)} s`],
      ...tellWhen(ledger, 'the old primary woke', wokenAt),
      ['the primary in the end', (await cluster.primary()) === old ? 'the old one' : 'the new one'],
    ]
  },
}
