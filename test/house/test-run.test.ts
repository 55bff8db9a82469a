// `npm test` itself: what it must not pass over.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { root } from './sources.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-test-run-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const files = {
  good: "test('is good', () => {})",
  bad: "test('is bad', () => assert.fail('so it is said'))",
  skipped: "test('is skipped', { skip: 'nothing is here' }, () => {})",
  crashing: "test('is good', () => {}); process.exit(3)",
  empty: '',
  endless: "test('is good', () => {}); setInterval(() => {}, 1000)",
  stuck: "test('is stuck', () => { for (;;); })",
}

const header = "import assert from 'node:assert/strict'\nimport { test } from 'node:test'\n"

/** A folder with these test files. */
function folderOf(...names: readonly (keyof typeof files)[]): string {
  const folder = mkdtempSync(join(directory, 'files-'))
  for (const name of names) writeFileSync(join(folder, `${name}.test.ts`), header + files[name])
  return folder
}

interface Run {
  readonly code: number | null
  readonly said: string
}

/** Runs these tests as `npm test` does. */
async function runTests(...words: readonly string[]): Promise<Run> {
  const child = start(...words)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  const [code] = await once(child, 'close')
  return { code, said }
}

function start(...words: readonly string[]) {
  return spawn(process.execPath, [join(root, 'scripts/test.ts'), ...words], {
    // Not what node:test tells its own children.
    env: { PATH: process.env.PATH, TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The directories of runs that are there. */
const left = (): readonly string[] =>
  readdirSync(directory).filter((name) => name.startsWith('portcullis-tests-'))

test('a run whose tests pass is good, names what was skipped, and ends as node --test does', async () => {
  const { code, said } = await runTests(folderOf('good', 'skipped'))
  assert.equal(code, 0, said)
  assert.match(said, /^﹣ .*skipped\.test\.ts: is skipped # nothing is here$/m)
  assert.match(said, /^The slowest files:\n +\d+\.\d s {2}\S+\.test\.ts\n/m)
  assert.match(said, /^ℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 0\nℹ cancelled 0\nℹ skipped 1$/m)
})

for (const [name, saying] of [
  ['bad', /is bad[\s\S]*so it is said/],
  ['crashing', /crashing\.test\.ts/],
  ['empty', /empty\.test\.ts.*\n {2}It holds no test\./],
] as const) {
  test(`a run with a file that is ${name} fails, and says so`, async () => {
    const { code, said } = await runTests(folderOf('good', name))
    assert.equal(code, 1, said)
    assert.match(said, saying)
    assert.match(said, /✔ .*good\.test\.ts/)
  })
}

for (const name of ['endless', 'stuck'] as const) {
  test(`a run with a file that is ${name} ends it and fails`, async () => {
    const { code, said } = await runTests('--timeout', '1', folderOf(name))
    assert.equal(code, 1, said)
    assert.match(said, new RegExp(`✖ .*${name}\\.test\\.ts.*\\n {2}It did not end within`))
  })
}

test('a run that finds no test fails', async () => {
  const nothing = await runTests(folderOf())
  assert.equal(nothing.code, 1)
  assert.match(nothing.said, /No test file was found/)
  const nowhere = await runTests(join(directory, 'nowhere'))
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.said, /There is no .*nowhere/)
})

test('an interrupted run fails, ends what its tests had started, and leaves nothing behind', {
  skip: existsSync('/proc/self/cwd') ? false : 'not checked: there is no /proc to find programs in',
}, async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  const folder = folderOf()
  const program = `require('node:net').connect(${port}, '127.0.0.1')`
  writeFileSync(
    join(folder, 'starting.test.ts'),
    `import { spawn } from 'node:child_process'
    import { tmpdir } from 'node:os'
    spawn(process.execPath, ['-e', ${JSON.stringify(program)}], { cwd: tmpdir(), detached: true })`,
  )
  const run = start(folder)
  run.stdout.resume()
  run.stderr.resume()
  const [started] = await once(server, 'connection')
  started.resume().on('error', () => {})
  const ended = once(started, 'close')
  run.kill('SIGINT')
  const [code] = await once(run, 'close')
  await ended
  server.close()
  assert.notEqual(code, 0)
  assert.deepEqual(left(), [])
})

test('what a killed run left behind is removed by the next', async () => {
  const child = spawn(process.execPath, ['--version'])
  await once(child, 'close')
  const stale = join(directory, `portcullis-tests-${child.pid}`)
  mkdirSync(stale)
  writeFileSync(join(stale, 'left'), '')
  assert.equal((await runTests(folderOf('good'))).code, 0)
  assert.ok(!existsSync(stale))
  assert.deepEqual(left(), [])
})
