import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { createFileLookup } from '../../../src/core/passwords/breach-file.ts'
import { BreachLookupError, sha1Of } from '../../../src/core/passwords/breach-lookup.ts'
import { listOf } from './breach-server.ts'

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
})
after(() => rmSync(directory, { recursive: true }))

const endless = new AbortController().signal

function write(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const passwordsUpTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `password ${index}`)

test('every password of a file is found and no other is, whatever its size and line breaks (AC-118)', async () => {
  for (const count of [1, 2, 3, 7, 200]) {
    const passwords = passwordsUpTo(count)
    const text = listOf(passwords)
    const windows = listOf(passwords, '\r\n')
    for (const each of [text, windows, text.trimEnd(), windows.trimEnd(), text.toLowerCase()]) {
      const lookUp = createFileLookup(write('list', each))
      for (const password of passwords) {
        assert.equal(await lookUp(password, endless), true, `${password} of ${count}`)
        assert.equal(await lookUp(`${password}!`, endless), false)
      }
    }
  }
})

test('counts may have any length, and a count of 0 is no stolen password', async () => {
  const passwords = passwordsUpTo(100)
  const lines = passwords
    .map((password, index) => `${sha1Of(password)}:${'9'.repeat((index % 15) + 1)}\n`)
    .sort()
  const lookUp = createFileLookup(write('counts', lines.join('')))
  for (const password of passwords) assert.equal(await lookUp(password, endless), true)
  const none = createFileLookup(write('none', `${sha1Of('a')}:0\n`))
  assert.equal(await none('a', endless), false)
})

test('a file that is missing, or has another form, is refused at the start', () => {
  const list = listOf(passwordsUpTo(200))
  mkdirSync(join(directory, 'folder'))
  assert.throws(() => createFileLookup(join(directory, 'nothing')), /nothing cannot be read/)
  assert.throws(() => createFileLookup(join(directory, 'folder')), /folder cannot be read/)
  const forms: Readonly<Record<string, string>> = {
    empty: '',
    'line break': '\n',
    html: '<html>\n'.repeat(50),
    passwords: passwordsUpTo(200).join('\n'),
    'without counts': list.replaceAll(':7', ''),
    'NTLM hashes': list.replace(/^.{8}/gm, ''),
    'by count': list.split('\n').slice(0, -1).reverse().join('\n'),
    'one long line': 'A'.repeat(10_000),
    'garbage at the end': `${list}${'<html>'.repeat(30)}`,
    'garbage at the beginning': `<html>\n${list}`,
    'long count': `${sha1Of('a')}:1234567890123456\n`,
  }
  for (const [name, text] of Object.entries(forms)) {
    const path = write(name, text)
    assert.throws(
      () => createFileLookup(path),
      (error) => error instanceof ConfigError && /must have a SHA-1/.test(error.message),
      name,
    )
  }
})

test('a file is replaced by another while it is used, and one that is spoiled is a failure', async () => {
  const path = write('used', listOf(['old']))
  const lookUp = createFileLookup(path)
  assert.equal(await lookUp('new', endless), false)
  renameSync(write('next', listOf(['new'])), path)
  assert.equal(await lookUp('new', endless), true)
  assert.equal(await lookUp('old', endless), false)

  writeFileSync(path, '<html>\n')
  await assert.rejects(async () => lookUp('new', endless), BreachLookupError)
  rmSync(path)
  await assert.rejects(
    async () => lookUp('new', endless),
    (error) => error instanceof BreachLookupError && /used cannot be read/.test(error.message),
  )
  writeFileSync(path, listOf(['new']))
  assert.equal(await lookUp('new', endless), true)
})
