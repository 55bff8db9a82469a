import assert from 'node:assert/strict'
import { test } from 'node:test'
import { named } from '../../src/pages/named.ts'
import { loginLocales, loginTextsIn } from '../../src/pages/texts/login-languages.ts'
import { scopesInWords } from '../../src/pages/texts/login-texts.ts'

const [en, de] = [loginTextsIn('en'), loginTextsIn('de')]

/** Every text of a language by its place; what is made of a value is made of this one. */
function textsOf(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'function') return textsOf(value(7), path)
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([name, each]) => textsOf(each, `${path}.${name}`))
}

test('both languages of the login say all, and nothing is left in English', () => {
  const [english, german] = [textsOf(en), textsOf(de)]
  assert.ok(english.length > 80, String(english.length))
  assert.deepEqual(
    german.map(([path]) => path),
    english.map(([path]) => path),
  )
  const said = new Map(english)
  const same = german.filter(([path, text]) => said.get(path) === text).map(([, text]) => text)
  assert.deepEqual(same, ['Code', 'Website'])
})

test('titles and buttons of the login are no exclamations', () => {
  for (const [, text] of [...textsOf(en), ...textsOf(de)]) assert.doesNotMatch(text, /!/)
})

test('every sentence about a name has it once, so that it can stand out', () => {
  const about = [en, de].flatMap((texts) => [
    ...[texts.login.lead, texts.consent.asks, texts.consent.returnsTo, texts.continue.asks],
    ...[texts.loggedInAs, texts.formPost.text, texts.logout.done.back, texts.apps.withdrawn],
    ...[texts.email.verified, texts.email.unverified, texts.email.code.sent, texts.email.done.text],
  ])
  for (const sentence of about) assert.equal(sentence('\0').split('\0').length, 2, sentence(''))
  assert.equal(
    named(en.loggedInAs, '<b>').markup,
    'You are logged in as <strong><bdi>&#60;b&#62;</bdi></strong>.',
  )
})

test('a wait says its reason, in seconds or minutes', () => {
  assert.match(en.later(1).text, /busy\. Try again in 1 second\./)
  assert.match(en.problems.throttled(61), /failed attempts\. Try again in 2 minutes\./)
  assert.match(de.problems.throttled(60), /Fehlversuche.* in 1 Minute /)
})

test('a language that there is none of is English, whatever its name is', () => {
  for (const locale of ['fr', 'constructor', '']) assert.equal(loginTextsIn(locale), en)
  assert.deepEqual(loginLocales, ['en', 'de'])
})

test('scopes are in words: our own, those of the application, or the bare name', () => {
  const words = (name: string): string =>
    scopesInWords([name], en, {
      ...{ 'items:read': 'Read your items', email: 'Theirs', bare: '' },
    }).join()
  assert.equal(words('items:read'), 'Read your items')
  assert.equal(words('email'), en.scopes.email)
  for (const name of ['items:write', 'bare', 'toString']) assert.equal(words(name), name)
})
