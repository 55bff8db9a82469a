import pg from 'pg'
import type { Row } from '../hold.ts'
import type { Way } from '../ways.ts'

/** Sessions that are taken at once. */
const many = 20

/** Takes sessions of a pooler as another program does, and looks for what the servers have left in them. */
export async function countLeaks({ url }: Way): Promise<readonly Row[]> {
  const clients = Array.from({ length: many }, () => new pg.Client(url))
  const found = await Promise.all(
    clients.map(async (client) => {
      client.on('error', () => {})
      await client.connect()
      await client.query('begin')
      const { rows } = await client.query(`select
        current_setting('synchronous_commit') <> 'on' as setting,
        (select count(*) > 0 from pg_listening_channels()) as channel,
        (select count(*) > 0 from pg_prepared_statements where name <> '') as statement`)
      return rows[0]
    }),
  ).finally(() => Promise.allSettled(clients.map((client) => client.end())))
  const having = (what: string): number => found.filter((row) => row[what]).length
  return [
    [`of ${many} sessions of the pooler, with another synchronous_commit`, having('setting')],
    ['with a channel', having('channel')],
    ['with a prepared statement', having('statement')],
  ]
}
