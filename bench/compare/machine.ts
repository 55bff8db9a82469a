// What it was measured on, and with what.

import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { loadTool } from './load.ts'
import { pinning } from './processes.ts'

export type Machine = Readonly<Record<string, string | number>>

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? '',
    load: loadTool,
    pinning,
  }
}

/** The peers' versions, as their lockfile has them. */
export function peerVersions(): Readonly<Record<string, string>> {
  const file = new URL('../peers/package.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).dependencies
}
