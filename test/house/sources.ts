// The files of `src` and what they import, read without a compiler.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The root of the repository. */
export const root: string = join(import.meta.dirname, '../..')

const src = join(root, 'src')

export interface Import {
  /** As it is written. */
  readonly specifier: string
  /** True if nothing of it is left at run time. */
  readonly typeOnly: boolean
  /** The file of `src` that it names, as `SourceFile.path`; none for a package. */
  readonly file: string | undefined
}

export interface SourceFile {
  /** From `src` on, such as `core/auth.ts`. */
  readonly path: string
  /** The folder in `src`; `root` for a file without one. */
  readonly layer: string
  readonly lines: number
  /** The text without comments that have lines of their own. */
  readonly code: string
  readonly imports: readonly Import[]
}

const staticImport = /^(?:import|export)\s+(type\s+)?[\w$*{},\s]+?\sfrom\s+'([^']+)'/gm
const bareImport = /^import\s+'([^']+)'/gm
const dynamicImport = /\bimport\(\s*'([^']+)'\s*\)/g

/** Every file of `src`. */
export function readSources(): readonly SourceFile[] {
  return globSync('**/*.ts', { cwd: src })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map(readSource)
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(src, path), 'utf8')
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '')
  return {
    path,
    layer: path.includes('/') ? path.slice(0, path.indexOf('/')) : 'root',
    lines: text.trimEnd().split('\n').length,
    code,
    imports: importsOf(code, path),
  }
}

/** What the code of a file imports and re-exports. */
export function importsOf(code: string, path: string): readonly Import[] {
  const describe = (specifier: string, typeOnly: boolean): Import => ({
    specifier,
    typeOnly,
    file: specifier.startsWith('.')
      ? relative(src, join(src, dirname(path), specifier)).replaceAll('\\', '/')
      : undefined,
  })
  return [
    ...[...code.matchAll(staticImport)].map(([, type, name = '']) =>
      describe(name, type !== undefined),
    ),
    ...[...code.matchAll(bareImport)].map(([, name = '']) => describe(name, false)),
    ...[...code.matchAll(dynamicImport)].map(([, name = '']) => describe(name, false)),
  ]
}
