import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readCsv } from '../../src/cli/import/csv.ts'
import { readEntries } from '../../src/cli/import/read-file.ts'
import { type FileEntry, maxEntryLength } from '../../src/cli/import/records.ts'

async function* chunksOf(text: string, size = text.length || 1): AsyncGenerator<string> {
  for (let from = 0; from < text.length; from += size) yield text.slice(from, from + size)
}

async function collect(entries: AsyncIterable<FileEntry>): Promise<FileEntry[]> {
  const all: FileEntry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

async function read(text: string, size?: number): Promise<unknown[]> {
  const entries = await collect(readCsv(chunksOf(text, size)))
  return entries.map(({ line, record, problem }) => [line, problem ?? { ...record }])
}

test('any table that RFC 4180 can write is read as it was, however it is cut into pieces', async () => {
  const field = fc.string({
    unit: fc.constantFrom(...'ab,;\t"\r\n ü\u{1f600}'),
    minLength: 1,
    maxLength: 8,
  })
  const row = fc.tuple(field, field, field)
  await fc.assert(
    fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 9 }), async (rows, size) => {
      const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`
      for (const [delimiter, end] of [',\r\n', ';\n', '\t\r'].map((each) => [
        each.charAt(0),
        each.slice(1),
      ])) {
        const lines = [['x', 'y', 'email'], ...rows.map((each) => each.map(quote))]
        const text = lines.map((each) => each.join(delimiter)).join(end)
        const entries = await collect(readCsv(chunksOf(text, size)))
        assert.deepEqual(
          entries.map(({ record }) => [record?.x, record?.y, record?.email]),
          rows,
        )
      }
    }),
  )
})

test('a line that is wrong is refused with its number, and the next one is read', async () => {
  const text = [
    'email,hash',
    'a,1',
    'b,2,3',
    'c"c,3',
    '"d"d,4',
    '',
    '"e\nf",""',
    'g',
    '"h ""i""",5',
    'j,"never ended',
    'k,6',
  ].join('\n')
  for (const size of [1, 3, 1000]) {
    assert.deepEqual(await read(text, size), [
      [2, { email: 'a', hash: '1' }],
      [3, 'The line has 3 fields, and the first line names 2.'],
      [4, 'A field with a quote must be quoted as a whole.'],
      [5, 'A quote must end its field, or be doubled inside it.'],
      [7, { email: 'e\nf' }],
      [9, 'The line has 1 fields, and the first line names 2.'],
      [10, { email: 'h "i"', hash: '5' }],
      [11, 'The file ends inside a quoted field.'],
    ])
  }
})

test('an entry without an end is refused when it is too long, in both formats', async () => {
  const long = 'x'.repeat(maxEntryLength + 1)
  const csv = await read(`email\n"${long}\nb`, 65536)
  assert.deepEqual(csv, [
    [2, `The line is longer than ${maxEntryLength} characters.`],
    [3, { email: 'b' }],
  ])
  const lines = chunksOf(`{"a":1}\n"${long}"\n\n[1]\n{"b":2}`, 65536)
  assert.deepEqual(await collect(readEntries(lines, 'jsonl')), [
    { line: 1, record: { a: 1 } },
    { line: 2, problem: `The line is longer than ${maxEntryLength} characters.` },
    { line: 4, problem: 'This is no JSON object.' },
    { line: 5, record: { b: 2 } },
  ])
})
