// Three PostgreSQL under Patroni with synchronous replication, their etcd, and an haproxy that leads to the
// primary: all on this machine, in a directory of their own.

import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../test/stores/postgres-server.ts'
import { type Machine, startMachine } from './machine.ts'
import { endPrograms, owner, startProgram } from './programs.ts'
import { until } from './until.ts'

export interface Cluster {
  readonly machines: readonly Machine[]
  /** Of haproxy. */
  readonly port: number
  /** A URL that names haproxy. */
  readonly url: string
  /** The one that Patroni calls the primary, once there is one. */
  primary(): Promise<Machine>
  /** Waits until another machine than this one takes writes. */
  successorOf(machine: Machine): Promise<Machine>
  /** A URL that names all hosts, this one first. */
  hostsFrom(machine: Machine): string
  /** Waits until one is the primary and another one its synchronous standby. */
  settle(): Promise<void>
  /** Changes Patroni's configuration. */
  configure(change: object): Promise<void>
  /** Hands over to a standby, as an operator does. */
  switchOver(): Promise<void>
}

/** The database and the role of the servers, which owns it. */
const database = 'drills'
const role = 'postgres'

export type OnEnd = (close: () => Promise<unknown>) => void

export async function startCluster(onEnd: OnEnd): Promise<Cluster> {
  const home = mkdtempSync(join(tmpdir(), 'portcullis-cluster-'))
  onEnd(async () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  onEnd(endPrograms)
  chmodSync(home, 0o755)
  if (owner.uid !== undefined) chownSync(home, owner.uid, owner.gid ?? owner.uid)
  const etcdPort = await startEtcd(home)

  const machines: Machine[] = []
  onEnd(async () => {
    for (const machine of machines) machine.kill()
  })
  const start = async (name: string): Promise<void> => {
    machines.push(await startMachine(name, home, etcdPort))
  }
  await start('one')
  const first = await until('the first PostgreSQL', () => whichIs(machines, 'primary'))
  await start('two')
  await start('three')
  const cluster = describeCluster(machines, await startHaproxy(home, machines))
  await cluster.settle()
  await first.ask(`create role ${role} login`)
  await first.ask(`create database ${database} owner ${role}`)
  return cluster
}

/** The machine that Patroni answers this question with yes for. */
async function whichIs(
  machines: readonly Machine[],
  what: 'primary' | 'synchronous',
): Promise<Machine | undefined> {
  for (const machine of machines) {
    const patience = { signal: AbortSignal.timeout(2000) }
    const answer = await fetch(`${machine.api}/${what}`, patience).catch(() => null)
    if (answer?.ok) return machine
  }
  return undefined
}

function describeCluster(machines: readonly Machine[], port: number): Cluster {
  const primary = (): Promise<Machine> => until('a primary', () => whichIs(machines, 'primary'))
  const standby = (): Promise<Machine> =>
    until('a synchronous standby', () => whichIs(machines, 'synchronous'))
  return {
    ...{ machines, port, primary },
    successorOf: (machine) =>
      until('another primary', async () => {
        for (const each of machines) {
          if (each !== machine && (await each.isWritable().catch(() => false))) return each
        }
        return undefined
      }),
    url: `postgres://${role}@127.0.0.1:${port}/${database}`,
    hostsFrom(machine) {
      const ordered = [machine, ...machines.filter((each) => each !== machine)]
      const hosts = ordered.map((each) => `127.0.0.1:${each.port}`).join()
      return `postgres://${role}@${hosts}/${database}?target_session_attrs=read-write`
    },
    async settle() {
      await primary()
      await standby()
    },
    async configure(change) {
      await send('PATCH', `${(await primary()).api}/config`, change)
    },
    async switchOver() {
      const [leader, candidate] = [await primary(), await standby()]
      const body = { leader: leader.name, candidate: candidate.name }
      await send('POST', `${leader.api}/switchover`, body)
    },
  }
}

async function send(method: string, url: string, body: object): Promise<void> {
  const answer = await fetch(url, { method, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`Patroni answered ${answer.status}: ${await answer.text()}`)
}

async function startEtcd(home: string): Promise<number> {
  const [clients, peers] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${clients}`
  startProgram(home, 'etcd', [
    ...['--data-dir', join(home, 'etcd-data')],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', `http://127.0.0.1:${peers}`],
  ])
  await until('etcd', async () => (await fetch(`${url}/health`)).ok)
  return clients
}

async function startHaproxy(home: string, machines: readonly Machine[]): Promise<number> {
  const port = await freePort()
  const servers = machines.map(({ name, port: postgres, api }) => {
    return `  server ${name} 127.0.0.1:${postgres} check port ${new URL(api).port}`
  })
  const file = join(home, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 2s
  timeout check 1s
  timeout client 30m
  timeout server 30m
listen primary
  bind 127.0.0.1:${port}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
${servers.join('\n')}
`,
  )
  startProgram(home, 'haproxy', ['-db', '-f', file])
  return port
}
