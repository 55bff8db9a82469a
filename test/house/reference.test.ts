// The pages that are made from the code are of today's code, and the code says what they need.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeRoutes } from '../../scripts/http-api.ts'
import { describeLibrary } from '../../scripts/library-api.ts'
import { describeOptions, listOptionSets, splitDefault } from '../../scripts/options.ts'
import { readSurface } from '../../scripts/public-surface.ts'
import { groupOf } from '../../scripts/reference-groups.ts'
import { readSources, root } from './sources.ts'

const read = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8')
const advice = 'run: npm run reference'

const surface = readSurface()
const options = listOptionSets().flatMap((set) =>
  set.options.map((option) => ({ title: `${set.name}.${option.name}`, ...option })),
)

test('everything that the package exports has a docstring and a chapter of the reference', () => {
  assert.ok(surface.length > 100)
  assert.deepEqual(
    surface.filter(({ text }) => text === '').map(({ file, name }) => `${file}: ${name}`),
    [],
  )
  assert.deepEqual(
    surface.filter(({ file }) => !groupOf(file)).map(({ file, name }) => `${file}: ${name}`),
    [],
  )
})

test('every member of what the package exports has a docstring, an inherited one too', () => {
  const members = surface.flatMap(({ file, name, members }) =>
    members.map((member) => ({ title: `${file}: ${name}.${member.name}`, ...member })),
  )
  assert.ok(members.length > 500)
  assert.ok(members.some(({ title, declaredBy }) => !title.includes(declaredBy)))
  assert.deepEqual(
    members.filter(({ text }) => text === '').map(({ title }) => title),
    [],
  )
})

/** The headings of a page that name what the source declares. */
const headingsOf = (page: string): ReadonlySet<string> =>
  new Set([...read(page).matchAll(/^#{2,3} (\w+)$/gm)].map(([, name = '']) => name))

/** The names of types in a declaration: none in its texts and remarks, and none of its parameters. */
function typesIn(declaration: string): readonly string[] {
  const code = declaration.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|"[^"\n]*"/g, '')
  const heads = code.matchAll(/(?:^|\b(?:function|type|interface|class) \w+)<([^>(]*)/g)
  const parameters = [...heads].flatMap(([, list = '']) => list.match(/(?<=^\s*|,\s*)\w+/g) ?? [])
  const names = code.match(/\b[A-Z]\w+/g) ?? []
  return names.filter((name) => !parameters.includes(name))
}

/** What a file of `src` declares, if it is of the kinds. */
const listDeclared = (kinds: string): readonly string[] =>
  readSources().flatMap(({ code }) =>
    [...code.matchAll(new RegExp(`^(?:export )?(?:async )?(?:${kinds}) (\\w+)`, 'gm'))].map(
      ([, name = '']) => name,
    ),
  )

test('every type of ours that a signature or a member names has a chapter of the reference', () => {
  const ours = new Set(listDeclared('interface|type|class'))
  // TypeScript and Hono have these too, and those are meant.
  for (const foreign of ['Parameters', 'Input']) ours.delete(foreign)
  const chapters = headingsOf('library-api.md')
  assert.ok(ours.size > 300 && chapters.size > 200)
  const missing = surface.flatMap(({ name, signature, members }) =>
    [signature, ...members.map(({ type }) => type)]
      .flatMap(typesIn)
      .filter((type) => ours.has(type) && !chapters.has(type))
      .map((type) => `${name} names ${type}`),
  )
  assert.deepEqual([...new Set(missing)], [])
})

test('no docstring sends a reader to what can be neither imported nor looked up', () => {
  const texts = surface.flatMap(({ name, signature, text, members }) => [
    { title: name, code: signature, text },
    ...members.map((each) => ({ title: `${name}.${each.name}`, code: each.type, text: each.text })),
  ])
  const known = new Set(
    surface.flatMap(({ name, members }) => [name, ...members.map((each) => each.name)]),
  )
  // A name without a capital may be any word.
  const hidden = listDeclared('interface|type|class|const|function').filter(
    (name) => /[A-Z]/.test(name) && !known.has(name),
  )
  assert.ok(hidden.length > 300)
  const isHidden = new Set(hidden)
  const faults = texts.flatMap(({ title, code, text }) =>
    [...text.matchAll(/(\bsee )?`(\w+)(?:\([^`]*\))?`/gi)]
      .filter(([, see, word = '']) => isHidden.has(word) || (see && !known.has(word)))
      .filter(([, , word = '']) => !new RegExp(`\\b${word}\\b`).test(code))
      .map(([, , word]) => `${title} names ${word}`),
  )
  assert.deepEqual(faults, [])
  assert.deepEqual(
    texts.filter(({ text }) => /\b[\w-]+\.ts\b/.test(text)).map(({ title }) => title),
    [],
    'a file of the source is nothing to look up',
  )
})

test('every name that the page on options refers to has a chapter there', () => {
  const chapters = headingsOf('options.md')
  const names = [...read('options.md').matchAll(/\b[Ss]ee [`[]+(\w+)/g)].map(
    ([, name = '']) => name,
  )
  assert.ok(names.length > 3)
  assert.deepEqual(
    names.filter((name) => /^[A-Z]/.test(name) && !chapters.has(name)),
    [],
  )
})

test('every option is required or says its default, has a sentence, and a number its unit', () => {
  assert.ok(options.length > 80)
  const faults = options.flatMap((option) => [
    ...(option.required || option.default ? [] : [`${option.title} has no default`]),
    ...(option.text === '' && option.unit === undefined ? [`${option.title} says nothing`] : []),
    ...(option.type === 'number' && !option.unit ? [`${option.title} has no unit`] : []),
  ])
  assert.deepEqual(faults, [])
})

test('the default of an option is told from the rest of its docstring', () => {
  const cases = [
    [
      'Seconds. Default 900 (15 minutes); at most 3600.',
      '900 (15 minutes)',
      'Seconds. At most 3600.',
    ],
    ['The title. Default `API`.', '`API`', 'The title.'],
    ['Where. Default: `a.b; c`. More.', '`a.b; c`', 'Where. More.'],
    ['Seconds. Default 1.5.', '1.5', 'Seconds.'],
    ['By default nothing.', undefined, 'By default nothing.'],
  ] as const
  for (const [text, value, rest] of cases) {
    assert.deepEqual(splitDefault(text), [value, rest], text)
  }
})

test('the page on the library has every export and every member of today', () => {
  const page = read('library-api.md')
  assert.ok(page.split('\n### ').length > 100)
  assert.ok(page.split('\n- `').length > 500)
  assert.ok(page === describeLibrary(), advice)
})

test('the page on options has every option of today', () => {
  assert.ok(read('options.md') === describeOptions(), advice)
})

test('the page on HTTP has every route of the OpenAPI document of today', async () => {
  assert.ok(read('http-api.md').split('\n## ').length > 20)
  assert.ok(read('http-api.md') === (await describeRoutes()), advice)
})
