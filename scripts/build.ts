// Compiles src to dist: the types one by one, the code into a few files. The client comes to dist-client,
// as a package of its own.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleInto } from './bundle.ts'
import { writeClientPackage } from './client-package.ts'
import { compiledPaths } from './compiled-in.ts'
import { swaggerUiNotice } from './swagger-ui-files.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** What the licences of the packages that are compiled in ask to be passed on. */
function readNotices(): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return compiledPaths(lock.packages)
    .map((path) => {
      const directory = join(root, path)
      const { name, version, license } = JSON.parse(
        readFileSync(join(directory, 'package.json'), 'utf8'),
      )
      const file = readdirSync(directory).find((name) => /^licen[cs]e/i.test(name))
      if (file === undefined) throw new Error(`${name} has no licence that could be passed on.`)
      const text = readFileSync(join(directory, file), 'utf8').trim()
      return `${name} ${version} (${license})\n\n${text}\n`
    })
    .concat(swaggerUiNotice())
    .join('\n---\n\n')
}

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
await bundleInto(dist)
writeFileSync(join(dist, 'third-party-licenses.txt'), readNotices())
await writeClientPackage(join(root, 'dist-client'))
