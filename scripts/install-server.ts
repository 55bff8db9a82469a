// Installs what a clone needs to run the server and nothing that tests it, as locked: `npm run install:server`.
// More packages may be named, such as `npm run install:server -- pg`.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compiledIn } from './compiled-in.ts'

const root = join(import.meta.dirname, '..')
const { devDependencies }: { devDependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)
const given = process.argv.slice(2)
// By their versions: npm would take the newest that runs on its own Node.js.
const wanted = ['fastify', ...compiledIn, ...given.filter((word) => !word.startsWith('-'))].map(
  (name) => `${name}@${devDependencies[name] ?? 'latest'}`,
)
const words = [
  ...['install', '--omit=dev', '--no-audit', '--no-fund', '--no-save', '--save-prod'],
  ...given.filter((word) => word.startsWith('-')),
]
// Windows runs npm by its shell alone.
const { status } = spawnSync('npm', [...words, ...wanted], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
process.exitCode = status ?? 1
