import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { closeToOthers } from '../../src/stores/file-mode.ts'
import { StoreError } from '../../src/stores/store-error.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-mode-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const skip = process.getuid?.() === 0 ? false : 'not checked: only root can give a file away'
const nobody = 65534

const modeOf = (path: string): number => statSync(path).mode & 0o7777

function makeFile(name: string, mode: number): string {
  const path = join(directory, name)
  writeFileSync(path, '')
  chmodSync(path, mode)
  return path
}

test('a file of ours is closed, whatever its mode was (KM-07)', () => {
  for (const [mode, closed] of [
    [0o666, 0o600],
    [0o644, 0o600],
    [0o640, 0o600],
    [0o604, 0o600],
    [0o400, 0o400],
  ] as const) {
    const path = makeFile(`ours-${mode}`, mode)
    closeToOthers(path)
    assert.equal(modeOf(path), closed)
  }
})

test('a directory of ours may be looked into by others, and not changed', () => {
  for (const [mode, closed] of [
    [0o777, 0o755],
    [0o770, 0o750],
    [0o700, 0o700],
    [0o1777, 0o1777],
  ] as const) {
    const path = join(directory, `directory-${mode}`)
    mkdirSync(path)
    chmodSync(path, mode)
    closeToOthers(path)
    assert.equal(modeOf(path), closed)
  }
})

test("another's file that its group can read is used, and one that everybody can is not (KM-07)", {
  skip,
}, () => {
  const grouped = makeFile('grouped', 0o640)
  chownSync(grouped, nobody, nobody)
  closeToOthers(grouped)
  assert.equal(modeOf(grouped), 0o640)
  const open = makeFile('open', 0o644)
  chownSync(open, nobody, nobody)
  assert.throws(
    () => closeToOthers(open),
    (error) =>
      error instanceof StoreError &&
      error.code === 'unsafe_file' &&
      /chmod go-rwx/.test(error.message),
  )
})

test('what is not there is nothing to close', () => closeToOthers(join(directory, 'absent')))
