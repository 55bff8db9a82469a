import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apply, mutantsOf } from '../../scripts/mutants/mutate.ts'
import { testsOf } from '../../scripts/mutants/tests.ts'
import { root } from './sources.ts'

/** Each change of a text: its kind, and the text that comes of it. */
const changesOf = (source: string): readonly string[] =>
  mutantsOf(source).map((mutant) => `${mutant.kind}: ${apply(source, mutant)}`)

test('each kind of fault is made, where it stands', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['const a = (b + c) < d', ['operator turned: const a = (b - c) < d']],
    ['const a = b >= c', ['operator turned: const a = b > c']],
    ["const a = b + 'c'", []],
    ['const a = !b', ['not forgotten: const a = (b)']],
    ['const a = b && (c || d)', ['half a condition: const a = (c || d)']],
    ['const a = true', ['boolean turned: const a = false']],
    ['const a = 20', ['limit off by one: const a = (20 + 1)']],
    ['const a = /^b$/i', ['pattern open: const a = /b$/i', 'pattern open: const a = /^b/i']],
    ['const a = await b()', ['await dropped: const a = (b())']],
    ['const a = b.where(c).all()', ['where forgotten: const a = b.all()']],
    ['b()', ['statement dropped: ;']],
    ['if (a) throw b', ['check always true: if (true) throw b', 'throw dropped: if (a) ;']],
    [
      'const f = () => { if (a) return b; return c }',
      ['early return dropped: const f = () => { if (a) ; return c }'],
    ],
  ]
  for (const [source, expected] of rows) {
    const changes = changesOf(source)
    for (const change of expected) assert.ok(changes.includes(change), `${change} of ${changes}`)
    if (expected.length === 0) assert.deepEqual(changes, [])
  }
})

test('types and imports are left alone, and the value of a cast is not', () => {
  assert.deepEqual(changesOf("import { a } from 'a'\ntype B = 1 | true\ninterface C { d: 2 }"), [])
  assert.deepEqual(changesOf('const a = true as true'), ['boolean turned: const a = false as true'])
})

test('what nobody reads is left alone: the values of a set of names, and how far apart a comparator finds two', () => {
  assert.deepEqual(changesOf('const a = Object.keys({ b: true, c: true })'), [])
  assert.equal(changesOf('const a = { b: true, c: false }').length, 2)
  const ofLimits = changesOf('const a = b.sort((c, d) => (c.e ? -1 : 1))').filter((change) =>
    change.startsWith('limit'),
  )
  assert.deepEqual(ofLimits, [])
  assert.equal(changesOf('const a = b.map((c) => (c ? -1 : 1))').length, 4)
})

test('what changes nothing is left alone: the first part of a text, and an answer that is awaited', () => {
  assert.deepEqual(changesOf("const a = b.split('?', 1)[0] ?? ''"), [
    "limit off by one: const a = b.split('?', 1)[(0 + 1)] ?? ''",
  ])
  assert.equal(changesOf("const a = b.split('?', 2)[1] ?? ''").length, 3)
  assert.deepEqual(changesOf('async function f() { return await a }'), [])
  assert.deepEqual(changesOf('const f = async () => await a'), [])
  const inTry = changesOf('async function f() { try { return await a } finally { } }')
  assert.deepEqual(inTry, ['await dropped: async function f() { try { return (a) } finally { } }'])
  assert.equal(changesOf('async function f() { return (await a).b }').length, 1)
})

test('the last return of a function is not an early one', () => {
  const kinds = mutantsOf('function f() { return a }').map(({ kind }) => kind)
  assert.deepEqual(kinds, [])
})

test('lines are counted as an editor does, whatever stands before', () => {
  assert.deepEqual(
    mutantsOf("const a = '\u00fc\u{1f600}'\n\nb()\n").map(({ line }) => line),
    [3],
  )
})

test('the mirrored test file comes first, then those that import the file', () => {
  const [first, ...others] = testsOf('src/issuers/key-set.ts', root)
  assert.equal(first, 'test/issuers/key-set.test.ts')
  assert.ok(others.includes('test/issuers/wycheproof-keys.test.ts'))
})
