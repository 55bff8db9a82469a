import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inGerman } from '../../src/pages/texts/german-reasons.ts'
import { ownTextsIn } from '../../src/pages/texts/own-languages.ts'

const [en, de] = [ownTextsIn('en'), ownTextsIn('de')]

/** Every text of a language by its place; what is made of a value is made of this one. */
function textsOf(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'function') return textsOf(value(7), path)
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([name, each]) => textsOf(each, `${path}.${name}`))
}

test('both languages of the account say all, and nothing is left in English', () => {
  const [english, german] = [textsOf(en), textsOf(de)]
  assert.ok(english.length > 90, String(english.length))
  assert.deepEqual(
    german.map(([path]) => path),
    english.map(([path]) => path),
  )
  const said = new Map(english)
  assert.deepEqual(
    german.filter(([path, text]) => said.get(path) === text),
    [],
  )
})

test('titles and buttons of the account are no exclamations', () => {
  for (const [, text] of [...textsOf(en), ...textsOf(de)]) assert.doesNotMatch(text, /!/)
})

test('one of something is not several', () => {
  assert.notEqual(en.signIn.recovery.left(1), en.signIn.recovery.left(2).replace('2', '1'))
  assert.deepEqual([en.keys.form.days(1), en.keys.form.days(2)], ['1 day', '2 days'])
  assert.deepEqual([de.keys.form.days(1), de.keys.form.days(2)], ['1 Tag', '2 Tagen'])
})

test('a language that there is none of is English', () => {
  for (const locale of ['fr', 'constructor', '']) assert.equal(ownTextsIn(locale), en)
})

test('what is refused to users who are logged in is said in German', () => {
  for (const sentence of [
    'The old password is not right.',
    'The account was changed meanwhile: log in and try again.',
    'This enrolment has ended: begin again.',
    'There is no such second factor.',
    'There are 10 second factors already: remove one first.',
    'The name must have 1 to 64 characters, in one line.',
    'The name must have 1 to 100 characters, and no line breaks.',
    'The code is not right: type the one that your app shows now, and check the time of your device.',
    'The role of the user demands a second factor: add another one first.',
    'This login has shown one factor: refresh it, and show your second factor again.',
    'This is the last passkey, and there is no password: add another passkey first.',
    'This request for a passkey has ended or was answered before: begin again.',
    'The passkey cannot be used here: try it again, or take another one.',
    'This passkey is known here already: use another one.',
    'The lifetime must be whole seconds from 60 to 31622400.',
    'The scope must have only permissions that you have in this login.',
    'There are 100 keys already: end one that is not needed.',
    'This is the last active administrator: make another one first.',
  ]) {
    assert.notEqual(inGerman(sentence), sentence)
    assert.doesNotMatch(inGerman(sentence), /\b(the|must|is|are)\b/i)
  }
})
