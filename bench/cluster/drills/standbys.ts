import { type Drill, seconds } from '../hold.ts'
import { watchBackends } from './backends.ts'

/** Both standbys stand still: what is written waits for them, and is there when they are back. */
export const standbys: Drill = {
  title: 'both standbys frozen for 30 s',
  ways: ['hosts', 'pgbouncer-session', 'pgbouncer-transaction'],
  async fault({ cluster }) {
    const primary = await cluster.primary()
    const others = cluster.machines.filter((machine) => machine !== primary)
    const backends = watchBackends(primary)
    for (const standby of others) standby.freeze('all')
    await seconds(30)
    for (const standby of others) standby.thaw()
    return await backends.end()
  },
}
