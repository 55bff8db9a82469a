import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownOptionProblems } from '../../src/core/known-options.ts'

const known = ['auth', 'tokenPath', 'revocationPath', 'docs'] as const

test('known options are no problem, whatever their value', () => {
  assert.deepEqual(unknownOptionProblems({ auth: null, docs: false }, known, 'portcullis'), [])
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
    assert.deepEqual(unknownOptionProblems({ [name]: 1 }, known, 'portcullis'), [
      `portcullis has no option "${name}". Did you mean ${meant}?`,
    ])
  })
}

test('an option that is like none gets the whole list', () => {
  assert.deepEqual(unknownOptionProblems({ colour: 'red' }, known, 'portcullis'), [
    'portcullis has no option "colour". The options are: auth, tokenPath, revocationPath, docs.',
  ])
})

test('every unknown option is named at once', () => {
  const problems = unknownOptionProblems({ tokenpath: 1, auth: 1, Docs: 1 }, known, 'portcullis')
  assert.equal(problems.length, 2)
})
