import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'

/** Commits of a server that do not come to an end, as with synchronous replication and no standby left. */
export interface HeldCommits {
  /** How many connections wait for the end of their commit. */
  waiting(): Promise<number>
  /** How many connections there are under the name of a store. */
  connections(): Promise<number>
  /** Lets all of them go on, and returns when the last has. */
  release(): Promise<void>
}

/** Holds every commit of a server that writes something, until it is told otherwise. Reads go on. */
export async function holdCommits(url: string): Promise<HeldCommits> {
  const operator = new pg.Client({ connectionString: url })
  await operator.connect()
  const count = async (condition: string): Promise<number> => {
    const { rows } = await operator.query<{ count: number }>(
      `select count(*)::int from pg_stat_activity where ${condition}`,
    )
    return rows[0]?.count ?? 0
  }
  const waiting = () => count("wait_event = 'SyncRep'")
  await operator.query("alter system set synchronous_standby_names = 'nobody'")
  await operator.query('select pg_reload_conf()')
  // The setting holds a moment later: until then writes of a probe come to an end.
  const probe = new pg.Client({ connectionString: url })
  await probe.connect()
  let isOver = false
  const probing = (async () => {
    while (!isOver) await probe.query('create table probe (); drop table probe')
    await probe.end()
  })()
  while ((await waiting()) === 0) await turn()
  return {
    waiting: async () => (await waiting()) - 1,
    connections: () => count("application_name = 'portcullis'"),
    async release() {
      isOver = true
      await operator.query('alter system reset synchronous_standby_names')
      await operator.query('select pg_reload_conf()')
      while ((await waiting()) > 0) await turn()
      await probing
      await operator.end()
    },
  }
}
