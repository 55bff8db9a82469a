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
import { root } from './sources.ts'

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
