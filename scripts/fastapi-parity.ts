// FastAPI's own tests of its security tutorials, unmodified, against the same applications made of this
// library: without the option `compatibility`, and with it.
//   npm run fastapi-parity -- [--version 0.165.0] [--source DIR] [--python FILE]
//
// Downloads the source distribution with pip, and installs it with what its tests need in a folder that is
// removed afterwards. --source names an unpacked one, --python an interpreter that has everything. The exit
// code is 1 if a test fails that can pass.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { impossible } from './fastapi-parity/impossible.ts'
import { type Outcomes, runTests } from './fastapi-parity/run-tests.ts'

const testPackages = [
  ...['pytest', 'inline-snapshot', 'dirty-equals', 'httpx', 'httpx2'],
  ...['pyjwt', 'pwdlib[argon2]', 'python-multipart'],
]

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '0.165.0' },
    source: { type: 'string' },
    python: { type: 'string' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'portcullis-fastapi-'))
try {
  const source = values.source === undefined ? download(values.version) : resolve(values.source)
  const python = values.python === undefined ? install(source) : resolve(values.python)
  const suite = { source, python, folder }
  report(await runTests(suite, false), await runTests(suite, true))
} finally {
  rmSync(folder, { recursive: true })
}

function run(file: string, ...words: readonly string[]): void {
  execFileSync(file, words, { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder })
}

/** Returns the folder of the unpacked source distribution. */
function download(version: string): string {
  const what = ['--no-deps', '--no-binary', 'fastapi', `fastapi==${version}`]
  run('python3', '-m', 'pip', 'download', '--quiet', ...what)
  run('tar', '-xzf', `fastapi-${version}.tar.gz`)
  return join(folder, `fastapi-${version}`)
}

/** Returns an interpreter of a new environment. */
function install(source: string): string {
  run('python3', '-m', 'venv', 'venv')
  const python = join(folder, 'venv/bin/python')
  run(python, '-m', 'pip', 'install', '--quiet', source, ...testPackages)
  return python
}

function report(without: Outcomes, compatible: Outcomes): void {
  const names = Object.keys(compatible)
  const possible = names.filter((name) => impossible(name) === undefined)
  const width = Math.max(...names.map((name) => name.length))
  const said = (passed: boolean | undefined): string => (passed ? 'passes' : 'FAILS')
  console.log(`${'test'.padEnd(width)}  without  with the option`)
  for (const name of possible) {
    console.log(
      `${name.padEnd(width)}  ${said(without[name]).padEnd(7)}  ${said(compatible[name])}`,
    )
  }
  console.log('\nCannot pass:')
  for (const name of names) {
    const reason = impossible(name)
    if (reason !== undefined) console.log(`${name.padEnd(width)}  ${reason}`)
  }
  const count = (outcomes: Outcomes): number => possible.filter((name) => outcomes[name]).length
  console.log(
    `\n${names.length} tests, of which ${possible.length} can pass: ${count(without)} without the option, ${count(compatible)} with it.`,
  )
  if (count(compatible) < possible.length) process.exitCode = 1
}
