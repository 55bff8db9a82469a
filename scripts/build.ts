// Compiles src to dist: the types one by one, the code into a file for each entry point and a few that
// they share. A server loads a tenth of the files that way, and starts the sooner. The client comes to
// dist-client, as a package of its own.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { writeClientPackage } from './client-package.ts'
import { compiledIn } from './compiled-in.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

interface Manifest {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}

/** The source of everything that is imported or run by its name, by its path in dist. */
function readEntryPoints(): Record<string, string> {
  const { bin, exports }: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const files = [bin, exports].flatMap((named) => Object.values(named))
  return Object.fromEntries(
    files.flatMap((file) => {
      const path = typeof file === 'string' ? file : file.default
      const [, stem] = /^(?:\.\/)?dist\/(.+)\.js$/.exec(path) ?? []
      return stem === undefined ? [] : [[stem, join(root, 'src', `${stem}.ts`)]]
    }),
  )
}

/** True for a module that stays where it is, to be imported from there. */
function isExternal(specifier: string): boolean {
  const isOurs = /^[./]/.test(specifier) || specifier.startsWith(root)
  return (
    !isOurs && !compiledIn.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  )
}

/** What the licences of the packages that are compiled in ask to be passed on. */
function readNotices(): string {
  return compiledIn
    .map((name) => {
      const directory = join(root, 'node_modules', name)
      const { version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
      const file = readdirSync(directory).find((name) => name.startsWith('LICENSE'))
      if (file === undefined) throw new Error(`${name} has no licence that could be passed on.`)
      const text = readFileSync(join(directory, file), 'utf8').trim()
      return `${name} ${version} (${license})\n\n${text}\n`
    })
    .join('\n---\n\n')
}

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
const bundle = await rolldown({
  input: readEntryPoints(),
  external: isExternal,
  platform: 'node',
  tsconfig: join(root, 'tsconfig.json'),
})
await bundle.write({
  dir: dist,
  sourcemap: true,
  // As deep as the sources are, for what is found relative to a file.
  chunkFileNames: 'shared/[name].js',
})
await bundle.close()
writeFileSync(join(dist, 'third-party-licenses.txt'), readNotices())
await writeClientPackage(join(root, 'dist-client'))
