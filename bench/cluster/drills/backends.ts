import { setTimeout } from 'node:timers/promises'
import type { Row } from '../hold.ts'
import type { Machine } from '../machine.ts'

/** Counts, until it is ended, the processes that a PostgreSQL has for the servers. */
export function watchBackends(machine: Machine): { end(): Promise<readonly Row[]> } {
  let isOver = false
  let [most, waiting] = [0, 0]
  async function look(): Promise<void> {
    while (!isOver) {
      const [row] = await machine.ask(`select count(*)::int as all,
        (count(*) filter (where wait_event = 'SyncRep'))::int as waiting
        from pg_stat_activity where usename = 'postgres'`)
      most = Math.max(most, Number(row?.all))
      waiting = Math.max(waiting, Number(row?.waiting))
      await setTimeout(500)
    }
  }
  const looking = look()
  return {
    async end() {
      isOver = true
      await looking
      return [
        ['connections of the servers, at most', most],
        ['of these waiting for a standby, at most', waiting],
      ]
    },
  }
}
