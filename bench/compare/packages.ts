// What an installation of some packages brings along, by a lockfile and what is on the disk.

import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export interface Closure {
  readonly packages: number
  readonly bytes: number
}

/**
 * Counts the packages that these need, themselves among them, and their bytes here. What is optional
 * counts where it is installed: of a native package only this platform's.
 */
export function closureOf(directory: string, names: readonly string[]): Closure {
  const lockfile = JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8'))
  const locked: Readonly<Record<string, Locked>> = lockfile.packages
  const found = new Set<string>()

  /** The nearest package of this name, as Node.js finds it from a directory. */
  function resolve(name: string, from: string): string | undefined {
    const nested = from.split(/(?<=^|\/)node_modules\//)
    for (let depth = nested.length; depth > 0; depth--) {
      const path = `${nested.slice(0, depth).join('node_modules/')}${depth > 1 ? '/' : ''}node_modules/${name}`
      if (locked[path] && existsSync(join(directory, path))) return path
    }
    return undefined
  }

  function follow(name: string, from: string): void {
    const path = resolve(name, from)
    if (path === undefined || found.has(path)) return
    found.add(path)
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
      locked[path] ?? {}
    const peers = Object.keys(peerDependencies ?? {}).filter(
      (peer) => !peerDependenciesMeta?.[peer]?.optional,
    )
    for (const next of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      follow(next, path)
    }
  }

  for (const name of names) follow(name, '')
  const bytes = [...found].reduce((sum, path) => sum + bytesOf(join(directory, path)), 0)
  return { packages: found.size, bytes }
}

/** The bytes of the files in a directory, without the packages within. */
export function bytesOf(directory: string): number {
  let bytes = 0
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue
    const path = join(directory, entry.name)
    bytes += entry.isDirectory() ? bytesOf(path) : lstatSync(path).size
  }
  return bytes
}
