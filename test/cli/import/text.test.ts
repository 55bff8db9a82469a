// What programs really write: encodings, ends of lines, columns, numbers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CommandFailure } from '../../../src/cli/exit-code.ts'
import { decodeText, decodeWhole } from '../../../src/cli/import/decode-text.ts'
import { guardedField, unguardedField } from '../../../src/cli/import/formula.ts'
import { type Format, formatOf, readEntries } from '../../../src/cli/import/read-file.ts'

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

/** The records of a file, or the problem of each that is none. */
async function read(bytes: Uint8Array, format: Format, size = 1000): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const entry of readEntries(decodeText(piecesOf(bytes, size)), format)) {
    all.push(entry.problem ?? { ...entry.record })
  }
  return all
}

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

describe('encodings', () => {
  const encodings: Readonly<Record<string, (text: string) => Uint8Array>> = {
    'UTF-8': (text) => Buffer.from(text),
    'UTF-8 with a mark': (text) => Buffer.from(`\ufeff${text}`),
    'UTF-16 with a mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
    'UTF-16 without': (text) => Buffer.from(text, 'utf16le'),
    'big-endian UTF-16 with a mark': (text) => utf16be(`\ufeff${text}`),
    'big-endian UTF-16 without': utf16be,
  }
  for (const [name, encode] of Object.entries(encodings)) {
    test(`${name} is read in every format, however it is cut into pieces`, async () => {
      const user = { username: 'j\u00fcrgen', id: '\u{1f600}' }
      const files = [
        ['csv', `username,id\n${user.username},${user.id}`],
        ['jsonl', JSON.stringify(user)],
        ['json', JSON.stringify([user])],
      ] as const
      for (const [format, text] of files) {
        for (const size of [1, 2, 3, 1000]) {
          assert.deepEqual(await read(encode(text), format, size), [user], `${format} by ${size}`)
        }
      }
      assert.equal(formatOf('a.json', decodeWhole(encode('[]'))), 'json')
      assert.equal(decodeWhole(encode('a')), 'a')
    })
  }

  test('an entry with bytes of another encoding is refused, and no name is changed', async () => {
    const bytes = Buffer.from('username,role\nj\u00fcrgen,member\nann,member\n', 'latin1')
    assert.deepEqual(await read(bytes, 'csv'), [
      'This is not UTF-8: save the file as UTF-8, and import it again.',
      { username: 'ann', role: 'member' },
    ])
    const lines = Buffer.from('{"username":"j\u00fcrgen"}', 'latin1')
    assert.match(String(await read(lines, 'jsonl')), /not UTF-8/)
  })

  test('a text of no bytes, or one, is itself', async () => {
    assert.equal(decodeWhole(Buffer.alloc(0)), '')
    assert.equal(decodeWhole(Buffer.from('a')), 'a')
    assert.deepEqual(await read(Buffer.from('1'), 'jsonl'), ['This is no JSON object.'])
  })
})

describe('CSV', () => {
  const readCsv = (text: string): Promise<unknown[]> => read(Buffer.from(text), 'csv')
  const ann = { username: 'ann', password_hash: 'HASH' }

  test('lines end with CR, LF or both, and semicolons and tabs divide fields', async () => {
    for (const end of ['\r', '\n', '\r\n']) {
      for (const sign of [',', ';', '\t']) {
        const text = `username${sign}password_hash${end}ann${sign}HASH${end}`
        assert.deepEqual(await readCsv(text), [ann], JSON.stringify([sign, end]))
      }
    }
  })

  test('of a file with semicolons a comma is a part of a field, and the other way round', async () => {
    assert.deepEqual(await readCsv('username;role\na,b;c'), [{ username: 'a,b', role: 'c' }])
    assert.deepEqual(await readCsv('username,role\na;b,c\td'), [{ username: 'a;b', role: 'c\td' }])
    assert.deepEqual(await readCsv('username\na;b'), [{ username: 'a;b' }])
  })

  test('lines are counted the same whatever ends them', async () => {
    for (const end of ['\r', '\n', '\r\n']) {
      const text = ['username', '"a', 'b"', '', 'c,d'].join(end)
      const lines: number[] = []
      for await (const { line } of readEntries(decodeText(piecesOf(Buffer.from(text), 1)), 'csv')) {
        lines.push(line)
      }
      assert.deepEqual(lines, [2, 5], JSON.stringify(end))
    }
  })

  test('a column is known in capitals and with blanks too', async () => {
    assert.deepEqual(await readCsv('Username,PASSWORD_HASH\nann,HASH'), [ann])
    assert.deepEqual(await readCsv('E-Mail,Password Hash\nann,HASH'), [
      { email: 'ann', passwordHash: 'HASH' },
    ])
    assert.deepEqual(await readCsv('username,createdAt,Shoe Size\nann,1,7'), [
      { username: 'ann', createdAt: '1', 'Shoe Size': '7' },
    ])
  })

  test('a first line without a column for the name, or with one twice, ends the import', async () => {
    for (const text of ['ann,$2b$12$abc\n', 'pwhash,role\na,b', 'sep=;\nusername\na']) {
      await assert.rejects(readCsv(text), (error) => {
        assert.ok(error instanceof CommandFailure)
        assert.match(error.message, /must name the columns/)
        assert.doesNotMatch(error.message, /2b/, 'it may be a hash')
        return true
      })
    }
    await assert.rejects(readCsv('username,Username\na,b'), /names the column username twice/)
  })

  test('a field that a spreadsheet would compute is guarded, and comes back as it was', async () => {
    for (const field of ['=1+1', '+49', '-1', '@sum', "'=1", "''=1", '\t=1', '\r']) {
      assert.equal(guardedField(field), `'${field}`)
      assert.equal(unguardedField(guardedField(field)), field)
    }
    for (const field of ['ann', 'a=1', "'ann", "o'neil", '']) {
      assert.equal(guardedField(field), field)
      assert.equal(unguardedField(field), field)
    }
    assert.deepEqual(await readCsv("username\n'=1+1\n'ann"), [
      { username: '=1+1' },
      { username: "'ann" },
    ])
  })
})

describe('JSON', () => {
  test('a number that JavaScript would round or rewrite keeps its digits', async () => {
    const numbers = ['12345678901234567', '-12345678901234567', '1.10', '1e3', '9007199254740993']
    for (const number of numbers) {
      const texts = [
        ['jsonl', `{"username":${number}}`],
        ['jsonl', `{ "username" : ${number} }`],
        ['json', `[{"username":\n${number}}]`],
      ] as const
      for (const [format, text] of texts) {
        assert.deepEqual(await read(Buffer.from(text), format), [{ username: number }], text)
      }
    }
  })

  test('other numbers are numbers', async () => {
    const text = '{"createdAt":1700000000,"nested":{"a":[1.5]}}'
    assert.deepEqual(await read(Buffer.from(text), 'jsonl'), [
      { createdAt: 1700000000, nested: { a: [1.5] } },
    ])
  })
})
