import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/core/errors.ts'
import {
  anything,
  attempt,
  bytes,
  callback,
  checkOptions,
  flag,
  havingMethod,
  number,
  orFalse,
  readOptions,
  record,
  recordOf,
  required,
  type Shape,
  type ShapesOf,
  text,
  textOrTexts,
  texts,
} from '../../src/core/options.ts'

interface Options {
  readonly auth?: unknown
  readonly tokenPath?: string
  readonly revocationPath?: string
  readonly docs?: { readonly title?: string }
}

const shapes: ShapesOf<Options> = {
  auth: anything,
  tokenPath: text,
  revocationPath: text,
  docs: recordOf<NonNullable<Options['docs']>>({ title: text }),
}
const owner = { name: 'portcullis', example: '{ auth }' }
const read = (given: unknown) => readOptions(given, shapes, owner)

test('options of their shape are no problem, and an undefined one is not given', () => {
  assert.deepEqual(read({ auth: null, tokenPath: '/token', docs: undefined }), {
    options: { auth: null, tokenPath: '/token' },
    problems: [],
  })
})

const near = [
  ['tokenpath', 'tokenPath'],
  ['token_path', 'tokenPath'],
  ['revokationPath', 'revocationPath'],
  ['doc', 'docs'],
  ['Auth', 'auth'],
] as const
for (const [name, meant] of near) {
  test(`an unknown option ${name} is named together with ${meant}`, () => {
    assert.deepEqual(read({ [name]: 1 }).problems, [
      `portcullis has no option "${name}". Did you mean ${meant}?`,
    ])
  })
}

test('an option that is like none gets the whole list', () => {
  assert.deepEqual(read({ colour: 'red' }).problems, [
    'portcullis has no option "colour". The options are: auth, tokenPath, revocationPath, docs.',
  ])
  // Names that every object has are no options.
  assert.equal(read({ constructor: 1 }).problems.length, 1)
})

test('every problem is named at once, and what has one is left out', () => {
  assert.deepEqual(read({ tokenPath: 5, Docs: 1, docs: { title: null, titel: 'x' }, auth: 1 }), {
    options: { auth: 1, docs: {} },
    problems: [
      'portcullis has no option "Docs". Did you mean docs?',
      'The option tokenPath of portcullis must be a text.',
      'The option docs has no option "titel". Did you mean title?',
      'The option docs.title of portcullis must be a text.',
    ],
  })
})

test('what is no object of options is refused with an example', () => {
  for (const given of [undefined, null, 5, 'auth', [], () => ({})]) {
    assert.throws(() => read(given), {
      code: 'config_invalid',
      problems: ['portcullis takes an object of options, such as { auth }.'],
    })
  }
  assert.throws(() => checkOptions({ auht: 1 }, shapes, owner), {
    problems: ['portcullis has no option "auht". Did you mean auth?'],
  })
})

test('an option that must be given says so in its own words', () => {
  const needed = { ...shapes, tokenPath: required(text, 'The token path is missing.') }
  assert.deepEqual(readOptions({}, needed, owner).problems, ['The token path is missing.'])
})

const cases: readonly (readonly [string, Shape, readonly unknown[], readonly unknown[]])[] = [
  ['a text', text, ['', 'a'], [5, null, ['a']]],
  ['a number', number, [0, 1.5], ['1', null, 1n]],
  ['a flag', flag, [true, false], [0, 'true', null]],
  ['a function', callback, [() => 1], [{}, null]],
  ['an object', record, [{}, new Map()], [null, [], 'x', 5]],
  ['texts', texts, [[], ['a']], ['a', [1], null, {}]],
  ['one text or several', textOrTexts, ['a', ['a', 'b']], [5, [5], null]],
  ['bytes', bytes, [new Uint8Array(2), Buffer.alloc(1)], ['ab', [1, 2], null]],
  ['an object, or false', orFalse(record), [{}, false], [true, null, 'x']],
  ['a part', havingMethod('run', 'a pool'), [{ run: () => 1 }], [{}, null, { run: 1 }, 'run']],
]
for (const [what, shape, good, bad] of cases) {
  test(`${what} is told from everything else`, () => {
    for (const value of good) assert.equal(shape.accepts(value), true, String(value))
    for (const value of bad) assert.equal(shape.accepts(value), false, String(value))
  })
}

test('the problems of a part join the others, and any other error does not', () => {
  const problems = ['one']
  const refused = attempt(problems, () => {
    throw new ConfigError(['two', 'three'])
  })
  assert.equal(refused, undefined)
  assert.deepEqual(problems, ['one', 'two', 'three'])
  assert.equal(
    attempt(problems, () => 5),
    5,
  )
  assert.throws(
    () =>
      attempt(problems, () => {
        throw new RangeError('a mistake of ours')
      }),
    RangeError,
  )
})
