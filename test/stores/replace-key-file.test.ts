// A key file gets a new key, and is stopped between any two steps of that.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readKeyFile, readKeysBeside, readOrCreateKeyFile } from '../../src/stores/key-file.ts'
import { prepareKeyFile, replaceKeyFile } from '../../src/stores/replace-key-file.ts'
import { StoreError } from '../../src/stores/store-error.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-key-file-'))
after(() => rmSync(directory, { recursive: true, force: true }))
let files = 0

/** A file with a key, in a directory of its own. */
function keyFile(): { readonly path: string; readonly first: string } {
  const path = join(mkdtempSync(join(directory, `${files++}-`)), 'portcullis.key')
  return { path, first: hex(readOrCreateKeyFile(path)) }
}

const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex')
const beside = (path: string): string[] => readKeysBeside(path).map(hex)

test('a file gets a new key, and those of before stay beside it, the newest first (KM-15)', () => {
  const { path, first } = keyFile()
  assert.deepEqual(beside(path), [first])
  replaceKeyFile(path)
  const second = hex(readKeyFile(path))
  assert.notEqual(second, first)
  assert.deepEqual(beside(path), [first, second])
  replaceKeyFile(path)
  const third = hex(readKeyFile(path))
  assert.deepEqual(beside(path), [second, first, third])
  if (process.platform !== 'win32') {
    for (const each of [path, `${path}.previous`]) assert.equal(statSync(each).mode & 0o777, 0o600)
  }
  assert.deepEqual(readdirSync(join(path, '..')).sort(), [
    'portcullis.key',
    'portcullis.key.previous',
  ])
})

test('a key that is prepared is beside the file, and is the one that comes (KM-15)', () => {
  const { path, first } = keyFile()
  prepareKeyFile(path)
  const [next] = beside(path)
  prepareKeyFile(path)
  assert.deepEqual(beside(path), [next, first])
  assert.equal(hex(readKeyFile(path)), first)
  replaceKeyFile(path)
  assert.equal(hex(readKeyFile(path)), next)
  assert.deepEqual(beside(path), [first, next])
})

test('a file beside it that holds no key is told, and nothing changes', () => {
  for (const name of ['next', 'previous']) {
    const { path, first } = keyFile()
    writeFileSync(`${path}.${name}`, 'no key\n', { mode: 0o600 })
    const refusal = (error: unknown): boolean =>
      error instanceof StoreError && error.message.startsWith(`${path}.${name} does not hold a key`)
    assert.throws(() => readKeysBeside(path), refusal)
    assert.throws(() => replaceKeyFile(path), refusal)
    assert.equal(hex(readKeyFile(path)), first)
    assert.equal(readFileSync(`${path}.${name}`, 'utf8'), 'no key\n')
  }
})

/** Replaces the key of a file in a process that is killed before its n-th step. True if it came to its end. */
function replaceUntil(path: string, step: number): boolean {
  const program = fileURLToPath(new URL('replace-until-killed.ts', import.meta.url))
  const { status, signal, stderr } = spawnSync(process.execPath, [program, path, String(step)])
  if (status === 0) return true
  assert.equal(signal, 'SIGKILL', String(stderr))
  return false
}

test('a process that is killed before any step leaves a key, and loses none (KM-15)', () => {
  let [step, ended] = [1, false]
  for (; !ended; step++) {
    const { path, first } = keyFile()
    ended = replaceUntil(path, step)
    const now = hex(readKeyFile(path))
    const known = beside(path)
    assert.ok(known.includes(first), `what was sealed opens after step ${step}`)
    if (ended) assert.notEqual(now, first)
    // What another process sealed meanwhile under the new key opens as well.
    const next = known.find((key) => key !== first)
    replaceKeyFile(path)
    const final = hex(readKeyFile(path))
    if (now === first && next !== undefined) assert.equal(final, next, `after step ${step}`)
    assert.notEqual(final, first)
    for (const key of [first, now, final]) assert.ok(beside(path).includes(key), `step ${step}`)
  }
  assert.ok(step > 12, `it has ${step} steps`)
})

test('several that replace a key at the same time lose none (KM-15)', async () => {
  const { path, first } = keyFile()
  const program = fileURLToPath(new URL('replace-until-killed.ts', import.meta.url))
  const codes = await Promise.all(
    Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, [program, path, '999'])
      return new Promise<number | null>((resolve) => child.once('close', resolve))
    }),
  )
  assert.deepEqual(codes, [0, 0, 0, 0])
  assert.ok(beside(path).includes(first))
  assert.notEqual(hex(readKeyFile(path)), first)
})
