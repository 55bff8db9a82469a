// Replaces the key of a file, and kills itself before the n-th change of the file system.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [path = '', limit] = process.argv.slice(2)
let steps = 0
const changes = [
  ...(['openSync', 'writeSync', 'fsyncSync', 'closeSync'] as const),
  ...(['linkSync', 'renameSync', 'unlinkSync'] as const),
]
for (const name of changes) {
  const change = fs[name] as (...args: readonly unknown[]) => unknown
  Object.assign(fs, {
    [name](...args: readonly unknown[]) {
      steps++
      if (steps === Number(limit)) process.kill(process.pid, 'SIGKILL')
      return change(...args)
    },
  })
}
const { replaceKeyFile } = await import('../../src/stores/replace-key-file.ts')
steps = 0
syncBuiltinESMExports()
replaceKeyFile(path)
