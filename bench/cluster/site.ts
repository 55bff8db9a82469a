// Two servers of two workers each, on the database of the cluster, with the users of a drill.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { issuer, passwordHash, secretKey } from '../compare/fixture.ts'
import { startServer } from '../compare/processes.ts'
import type { OnEnd } from './cluster.ts'
import { type Lane, openLane } from './lane.ts'

/** A working tree of this project: its servers are tried. */
export type Tree = string

export const thisTree: Tree = resolve(import.meta.dirname, '../..')

export interface Site {
  /** One for each worker. */
  readonly lanes: readonly Lane[]
  /** Starts one more server, and returns its lanes. */
  startServer(databaseUrl: string): Promise<readonly Lane[]>
}

/** So many users of each kind, all with the same password. */
export interface Users {
  readonly client: number
  /** Those whose role is changed again and again. */
  readonly changing: number
  /** Those that read at one process, and nothing else. */
  readonly reader: number
}

const kinds = ['client', 'changing', 'reader'] as const

export const nameOf = {
  administrator: 'root',
  client: (number: number): string => `client-${number}`,
  changing: (number: number): string => `changing-${number}`,
  reader: (number: number): string => `reader-${number}`,
}

/** @param storeUrl Where the users are made, before the servers come. */
export async function startSite(
  tree: Tree,
  { serverUrl, storeUrl, users }: { serverUrl: string; storeUrl: string; users: Users },
  onEnd: OnEnd,
): Promise<Site> {
  await fill(tree, storeUrl, users)
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-drills-'))
  onEnd(async () => rmSync(directory, { recursive: true, force: true }))
  const main = join(tree, 'src/cli/main.ts')
  const command = [process.execPath, main, 'serve', '--workers', '2']
  const environment = {
    ...{ HOST: '127.0.0.1', PORT: '0', ISSUER: issuer, SECRET_KEY: secretKey },
    ...{ TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'fatal' },
  }
  async function startOne(databaseUrl: string): Promise<readonly Lane[]> {
    const given = { ...environment, DATABASE_URL: databaseUrl }
    const started = await startServer({ command, environment: given, directory }, 'anywhere')
    onEnd(started.stop)
    const [, workers = ''] = /Workers: +([\d, ]+)/.exec(started.said) ?? []
    const opened = workers.split(',').map((pid) => openLane(started.url, Number(pid)))
    onEnd(async () => {
      for (const lane of opened) lane.close()
    })
    return opened
  }
  const lanes = [...(await startOne(serverUrl)), ...(await startOne(serverUrl))]
  return { lanes, startServer: startOne }
}

async function fill(tree: Tree, storeUrl: string, users: Users): Promise<void> {
  const from = (file: string) => import(pathToFileURL(join(tree, 'src', file)).href)
  const { createAuth }: typeof import('../../src/core/auth.ts') = await from('core/auth.ts')
  const { postgres }: typeof import('../../src/stores/postgres/postgres.ts') = await from(
    'stores/postgres/postgres.ts',
  )
  const auth = await createAuth({ store: postgres(storeUrl), issuer, secretKey })
  const names = kinds.flatMap((kind) =>
    Array.from({ length: users[kind] }, (_, number) => nameOf[kind](number)),
  )
  await auth.users.create({ username: nameOf.administrator, passwordHash, role: 'admin' })
  for (const username of names) await auth.users.create({ username, passwordHash })
  await auth.close()
}
