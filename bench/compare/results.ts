// The figures of every row, each with the day and the machine that it was measured on: a run of some
// rows leaves the others as they were.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Machine } from './machine.ts'
import type { Effort } from './rounds.ts'
import type { Measurement } from './rows/row.ts'

export interface RowResult extends Measurement, Effort {
  /** The day, as 2026-01-31. */
  readonly measuredOn: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
}

export type Results = Readonly<Record<string, RowResult | undefined>>

export const resultsDirectory: string = fileURLToPath(new URL('../results/', import.meta.url))

export function readResults(): Results {
  const file = `${resultsDirectory}results.json`
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

export function writeResults(results: Results): void {
  mkdirSync(resultsDirectory, { recursive: true })
  writeFileSync(`${resultsDirectory}results.json`, `${JSON.stringify(results, null, 1)}\n`)
}
