// What is installed with the package, why, and under which licence; and what must not be: run without
// a network, from the lockfile.   node scripts/supply-chain.ts

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compiledIn, compiledPaths } from './compiled-in.ts'

/** The files that decide what is installed. */
export interface Manifests {
  readonly manifest: Manifest
  readonly lock: { readonly packages: Readonly<Record<string, LockedPackage>> }
  /** The reasons, in a table `| package | why |`. */
  readonly architecture: string
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
  readonly scripts: Readonly<Record<string, string>>
}

interface LockedPackage {
  readonly version: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly peer?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A package that is installed with ours, or is compiled into it. */
export interface RuntimePackage {
  readonly name: string
  readonly version: string
  readonly license: string
  /** The reason for a dependency of ours; for another, what needs it. */
  readonly why: string
}

/** Those under which a package may be used and passed on, with its notice. */
const licenses = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
])

/** Packages in all, those for one platform left out: more is a decision, see SECURITY.md. */
export const mostPackages = 40

/** Versions before these have known weaknesses. */
const floors: Readonly<Record<string, readonly number[]>> = { jose: [6, 2, 10] }

/** Scripts that npm would run on the machine of a user who installs the package. */
const installScripts = ['preinstall', 'install', 'postinstall', 'prepare']

/** Reads the files of the repository. */
export function readManifests(root: string): Manifests {
  const read = (name: string): string => readFileSync(join(root, name), 'utf8')
  return {
    manifest: JSON.parse(read('package.json')),
    lock: JSON.parse(read('package-lock.json')),
    architecture: read('ARCHITECTURE.md'),
  }
}

/** Returns every package that is installed with ours or compiled into it, by name. */
export function listRuntimePackages({ manifest, lock, architecture }: Manifests): RuntimePackage[] {
  const reasons = readReasons(architecture)
  return runtimeEntries(lock.packages)
    .map(([path, { version, license = '' }]) => {
      const name = nameOf(path)
      const why = isDirect(name, manifest)
        ? (reasons.get(name) ?? '')
        : `for ${neededBy(name, lock.packages).join(', ')}`
      return { name, version, license, why }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Returns a sentence for everything that must not be so. */
export function findProblems(manifests: Manifests): string[] {
  const { manifest, lock, architecture } = manifests
  const problems: string[] = []
  for (const [name, range] of Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
  })) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range)) {
      problems.push(`${name} is wanted as ${range}: name one version of the registry.`)
    }
  }
  const reasons = readReasons(architecture)
  for (const name of [...Object.keys(manifest.dependencies), ...compiledIn]) {
    if (!reasons.has(name)) problems.push(`${name} has no reason: add it to ARCHITECTURE.md.`)
  }
  for (const name of reasons.keys()) {
    if (!isDirect(name, manifest)) {
      problems.push(`ARCHITECTURE.md gives a reason for ${name}, which is no dependency.`)
    }
  }
  for (const name of installScripts) {
    if (name in manifest.scripts)
      problems.push(`This package has a script "${name}", which runs at install.`)
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') continue
    const name = nameOf(path)
    if (entry.integrity === undefined || entry.link)
      problems.push(`${name} is locked without an integrity.`)
    const { resolved = 'https://registry.npmjs.org/' } = entry
    if (!resolved.startsWith('https://registry.npmjs.org/'))
      problems.push(`${name} is not of the registry.`)
    for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
      if (`node_modules/${optional}` in lock.packages) continue
      problems.push(`${optional}, which ${name} needs on some machine, is not locked.`)
    }
    if (entry.hasInstallScript && !Object.hasOwn(manifest.allowScripts, name)) {
      problems.push(`${name} has an install script: decide on it in allowScripts.`)
    }
    if (isOlder(entry.version, floors[name] ?? []))
      problems.push(`${name} ${entry.version} is too old.`)
  }
  const runtime = runtimeEntries(lock.packages)
  for (const [path, { license = 'none', hasInstallScript }] of runtime) {
    if (!licenses.has(license)) problems.push(`${nameOf(path)} has the licence ${license}.`)
    if (hasInstallScript)
      problems.push(`${nameOf(path)} would run a script where ours is installed.`)
  }
  const everywhere = runtime.filter(([, { optional }]) => !optional)
  if (everywhere.length > mostPackages) {
    problems.push(
      `${everywhere.length} packages are installed with ours, more than ${mostPackages}.`,
    )
  }
  return problems
}

function runtimeEntries(packages: Manifests['lock']['packages']): [string, LockedPackage][] {
  const compiled = compiledPaths(packages)
  return Object.entries(packages).filter(
    ([path, { dev, devOptional, peer }]) =>
      compiled.includes(path) || (path !== '' && !dev && !devOptional && !peer),
  )
}

function isDirect(name: string, { dependencies }: Manifest): boolean {
  return Object.hasOwn(dependencies, name) || compiledIn.includes(name)
}

/** `node_modules/a/node_modules/@b/c` is `@b/c`. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function neededBy(name: string, packages: Manifests['lock']['packages']): string[] {
  const wanting = runtimeEntries(packages).filter(([, entry]) => {
    const { dependencies, optionalDependencies, peerDependencies } = entry
    return Object.hasOwn({ ...dependencies, ...optionalDependencies, ...peerDependencies }, name)
  })
  return [...new Set(wanting.map(([path]) => nameOf(path)))].sort()
}

function readReasons(architecture: string): Map<string, string> {
  const [, section = ''] = architecture.split('## Dependencies at run time')
  const rows = [...section.matchAll(/^\| (`.*`) \| (.*) \|$/gm)]
  return new Map(
    rows.flatMap(([, names = '', why = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, why] as const),
    ),
  )
}

function isOlder(version: string, floor: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number)
  const different = floor.findIndex((least, index) => parts[index] !== least)
  return different >= 0 && (parts[different] ?? 0) < (floor[different] ?? 0)
}

if (import.meta.main) {
  const manifests = readManifests(join(import.meta.dirname, '..'))
  const listed = listRuntimePackages(manifests)
  for (const { name, version, license, why } of listed) {
    console.log(`${`${name} ${version}`.padEnd(46)} ${license.padEnd(14)} ${why}`)
  }
  const problems = findProblems(manifests)
  for (const problem of problems) console.error(problem)
  console.log(`${listed.length} packages, ${problems.length} problems`)
  if (problems.length > 0) process.exitCode = 1
}
