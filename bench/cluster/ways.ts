// The ways from the servers to the primary.

import type { PgbouncerSettings } from '../../test/stores/pgbouncer.ts'
import { startPgbouncer } from '../../test/stores/pgbouncer.ts'
import { startProxy, type TcpProxy } from '../../test/stores/tcp-proxy.ts'
import type { Cluster, OnEnd } from './cluster.ts'

export type WayName =
  | 'hosts'
  | 'haproxy'
  | 'network'
  | 'pgbouncer-session'
  | 'pgbouncer-transaction'

export interface Way {
  /** What the servers are given. */
  readonly url: string
  readonly isPooled?: boolean
  /** The network of the way `network`, which can fail. */
  readonly network?: TcpProxy
}

export async function openWay(name: WayName, cluster: Cluster, onEnd: OnEnd): Promise<Way> {
  const { url, port } = cluster
  const primary = await cluster.primary()
  if (name === 'hosts') return { url: cluster.hostsFrom(primary) }
  if (name === 'haproxy') return { url }
  if (name === 'network') {
    const network = await startProxy(port)
    onEnd(network.close)
    return { url: replacePort(url, network.port), network }
  }
  // As docs/postgres.md says: the role has the limits that PgBouncer drops.
  await primary.ask(`alter role postgres set statement_timeout = '1500ms'`)
  await primary.ask(`alter role postgres set idle_in_transaction_session_timeout = '5s'`)
  const mode = name === 'pgbouncer-session' ? 'session' : 'transaction'
  const pooler = await startPgbouncer({ port }, { ...poolerSettings, pool_mode: mode })
  onEnd(pooler.stop)
  return { url: pooler.urlOf(url), isPooled: true }
}

const poolerSettings: PgbouncerSettings = {
  server_reset_query: 'DISCARD ALL',
  ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout',
  default_pool_size: '60',
  max_client_conn: '500',
  server_login_retry: '1',
  query_wait_timeout: '3',
}

function replacePort(url: string, port: number): string {
  const other = new URL(url)
  other.port = String(port)
  return other.href
}
