// The command as it is installed: compiled.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Compiles the project. Returns what Node.js runs as the command. */
export function compileCommand(): string {
  const { status } = spawnSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' })
  if (status !== 0) throw new Error('npm run build failed.')
  return join(root, 'dist/cli/main.js')
}
