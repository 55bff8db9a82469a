// The test vectors of Project Wycheproof. They lie beside the project and are no part of it.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const directory = join(import.meta.dirname, '../../shared/vectors/wycheproof')

/** The groups of a file of vectors: none, and why its tests are skipped, where the vectors are absent. */
export function readVectors<Group>(file: string): {
  readonly groups: readonly Group[]
  readonly skip: string | false
} {
  const path = join(directory, file)
  if (!existsSync(path)) {
    return {
      groups: [],
      skip: 'the vectors of Project Wycheproof are not there: nothing was verified',
    }
  }
  return { groups: JSON.parse(readFileSync(path, 'utf8')).testGroups, skip: false }
}
