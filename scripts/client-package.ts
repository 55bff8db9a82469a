// The client as a package of its own: a front end needs a few kilobytes, and not the server with its
// native modules.

import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src/client')

/** What it is called in a registry. */
export const clientPackageName = 'portcullis-client'

/** Writes the whole package to a directory, which `npm pack` and `npm publish` take as it is. */
export async function writeClientPackage(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  await writeCode(join(directory, 'index.js'))
  writeTypes(directory)
  writeFileSync(
    join(directory, 'package.json'),
    `${JSON.stringify(describePackage(), undefined, 2)}\n`,
  )
  copyFileSync(join(source, 'README.md'), join(directory, 'README.md'))
  copyFileSync(join(root, 'LICENSE'), join(directory, 'LICENSE'))
}

async function writeCode(file: string): Promise<void> {
  const bundle = await rolldown({
    input: join(source, 'index.ts'),
    platform: 'browser',
    tsconfig: join(root, 'tsconfig.json'),
  })
  await bundle.write({ file })
  await bundle.close()
}

function writeTypes(directory: string): void {
  const work = mkdtempSync(join(tmpdir(), 'portcullis-types-'))
  const options = {
    extends: join(root, 'tsconfig.build.json'),
    // Nothing of Node.js: it has to compile for a browser.
    compilerOptions: { rootDir: source, outDir: work, types: [] },
    include: [source],
  }
  try {
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(options))
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [compiler, '-p', work], { cwd: root, stdio: 'inherit' })
    for (const name of globSync('*.d.ts', { cwd: work })) {
      copyFileSync(join(work, name), join(directory, name))
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Its package.json: the version is that of the server that it is made with. */
function describePackage(): object {
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return {
    name: clientPackageName,
    version,
    description: 'Log in at a Portcullis server from a browser or Node, and stay logged in.',
    keywords: ['oauth2', 'authentication', 'login', 'browser', 'portcullis'],
    license,
    type: 'module',
    sideEffects: false,
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      './package.json': './package.json',
    },
    files: ['*.js', '*.d.ts'],
  }
}
