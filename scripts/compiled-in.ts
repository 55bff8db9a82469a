/**
 * The files of dist/shared that hold the code of packages, and which: each with what it needs itself. So
 * these packages are development dependencies. They compute, or run once at start, or at somebody's own
 * terminal; and one compares the header `Origin`. What has to do with keys, passwords or parsing what strangers send stays
 * outside, so that its mended version reaches those who use us without a release of ours.
 */
export const compiledInto: Readonly<Record<string, readonly string[]>> = {
  'command-line': ['commander'],
  'cross-origin': ['@fastify/cors'],
  kysely: ['kysely'],
  'lru-cache': ['lru-cache'],
  openapi: ['@fastify/swagger'],
  'password-prompt': ['@inquirer/password'],
  plugin: ['fastify-plugin'],
  'security-headers': ['helmet'],
  uqr: ['uqr'],
  uuid: ['uuid'],
}

/** A package whose files are copied to dist/swagger-ui, and which of them (see swagger-ui-files.ts). */
export const copiedFrom = '@fastify/swagger-ui'

/** The packages that we name ourselves of those that become part of ours. */
export const compiledIn: readonly string[] = [...Object.values(compiledInto).flat(), copiedFrom]

/** The entries of a lockfile, by where a package is installed. */
export type LockedPackages = Readonly<Record<string, LockedNeeds>>

interface LockedNeeds {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Where the packages are installed that become part of ours: those, and what their code imports. */
export function compiledPaths(
  locked: LockedPackages,
  names: readonly string[] = compiledIn,
): string[] {
  // Of that one there are files, and no code.
  const files = `node_modules/${copiedFrom}`
  return listNeeded({ ...locked, [files]: {} }, names)
}

/** Where packages are installed, and everything that they need and that is locked. */
export function listNeeded(locked: LockedPackages, names: readonly string[]): string[] {
  const found = new Set<string>()
  function add(path: string): void {
    if (found.has(path) || !(path in locked)) return
    found.add(path)
    const { dependencies, optionalDependencies } = locked[path] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      add(resolve(name, path))
    }
  }
  function resolve(name: string, from: string): string {
    const nested = `${from}/node_modules/${name}`
    if (nested in locked) return nested
    const above = from.lastIndexOf('/node_modules/')
    return above < 0 ? `node_modules/${name}` : resolve(name, from.slice(0, above))
  }
  for (const name of names) add(`node_modules/${name}`)
  return [...found].sort()
}
