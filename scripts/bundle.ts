// Puts the code of src into a file for each entry point and a few that they share. A server loads a tenth
// of the files that way, and starts the sooner.

import { readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'
import { compiledIn, compiledInto, compiledPaths } from './compiled-in.ts'
import { copySwaggerUi } from './swagger-ui-files.ts'

const root = join(import.meta.dirname, '..')

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
function isExternal(specifier: string, importer: string | undefined): boolean {
  const isFile = /^[./]/.test(specifier) || specifier.startsWith(root)
  if (isFile) return false
  // What a compiled-in package needs comes along.
  if (importer?.includes('node_modules')) return isBuiltin(specifier)
  return !compiledIn.some((name) => specifier === name || specifier.startsWith(`${name}/`))
}

/** Modules that come to one file, by its name: those that `createAuth` and everything that mounts it load anyway. */
const together: Readonly<Record<string, readonly string[]>> = {
  people: [
    'core/users/(user|suspension|security-stamp)',
    'core/sessions/(sessions|session-token|session-calls|refresh-token|token-user)',
    'core/tokens/(authentication|token-text)',
    'core/keys/(lifecycle|keyed-digest)',
    'core/clients/token-client',
    'core/authorization/openid-scopes',
    'core/events/event-answer',
  ],
  answers: [
    'http/grants/(grant|scopes|user-tokens)',
    'http/guards/(guard|documentation)',
    'http/refusal',
  ],
  routes: ['fastify/(named-schemas|refusal-handler|route-guards|secured)'],
  look: ['http/pages/page-options', 'pages/(contrast|html|logo|page|site|style)'],
  rows: [
    'stores/(file-mode|inspection|key-file|store-error)',
    'stores/sql/(columns|delete-first|engine|events|factor-rows|logout-notices|mail-signs|named-tables)',
    'stores/sql/(names|one-time-tokens|stored-with|user-fields|user-rows)',
  ],
}

/** Writes the code, and the files that it serves, into a directory, which is one level below a package.json: the code reads it. */
export async function bundleInto(directory: string): Promise<void> {
  const bundle = await rolldown({
    input: readEntryPoints(),
    external: isExternal,
    platform: 'node',
    tsconfig: join(root, 'tsconfig.json'),
  })
  await bundle.write({
    dir: directory,
    // The docstrings are in the declarations.
    comments: { jsdoc: false },
    // As deep as the sources are, for what is found relative to a file.
    chunkFileNames: 'shared/[name].js',
    codeSplitting: {
      groups: [
        // In files of their own.
        ...packageGroups(),
        // What every server needs, and parts that are loaded later need too: else a file for each few of them.
        ...Object.entries(together).map(([name, modules]) => ({
          name,
          test: new RegExp(`/src/(${modules.join('|')})\\.ts$`.replaceAll('/', '[/\\\\]')),
        })),
      ],
    },
  })
  await bundle.close()
  copySwaggerUi(join(directory, 'swagger-ui'))
  for (const name of Object.keys(compiledInto)) shrink(join(directory, 'shared', `${name}.js`))
}

/** A group for each file that holds packages, which those of several files need come first. */
function packageGroups(): { readonly name: string; readonly test: RegExp }[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const shared = ['plugin', ...Object.keys(compiledInto)]
  return [...new Set(shared)].map((name) => {
    const paths = compiledPaths(packages, compiledInto[name])
    return {
      name,
      test: new RegExp(`/(${paths.join('|')})/(?!node_modules/)`.replaceAll('/', '[/\\\\]')),
    }
  })
}

/** Takes the comments of a compiled-in package away: who debugs it has its text. */
function shrink(file: string): void {
  const { code, errors } = minifySync(file, readFileSync(file, 'utf8'), {
    ...{ module: true, compress: false, mangle: false },
  })
  if (errors.length > 0) throw new Error(`${file} could not be made smaller: ${errors.join()}`)
  writeFileSync(file, `${code}\n`)
}
