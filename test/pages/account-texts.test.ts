import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasswordPolicy } from '../../src/core/passwords/password-policy.ts'
import { emailRule } from '../../src/core/users/email.ts'
import { usernameRule } from '../../src/core/users/username.ts'
import { de } from '../../src/pages/texts/de.ts'
import { en } from '../../src/pages/texts/en.ts'
import { inGerman } from '../../src/pages/texts/german-reasons.ts'
import { textsIn } from '../../src/pages/texts/texts.ts'
import { goodPassword } from '../fixtures.ts'

/** Every text of a language by its place; what is made of a value is made of this one. */
function textsOf(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'function') return textsOf(value(7), path)
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([name, each]) => textsOf(each, `${path}.${name}`))
}

test('both languages say all, and nothing is left in English', () => {
  const [english, german] = [textsOf({ ...en, problems: {} }), textsOf({ ...de, problems: {} })]
  assert.ok(english.length > 40)
  assert.deepEqual(
    german.map(([path]) => path),
    english.map(([path]) => path),
  )
  const same = german.filter(([path, text]) => english.some(([p, t]) => p === path && t === text))
  assert.deepEqual(same, [])
})

test('titles and buttons are no exclamations', () => {
  for (const [, text] of [...textsOf(en), ...textsOf(de)]) assert.doesNotMatch(text, /!/)
})

test('a wait is in seconds, or in minutes from one on', () => {
  assert.match(en.problems.throttled(1), /in 1 second\./)
  assert.match(en.problems.throttled(59), /in 59 seconds\./)
  assert.match(en.problems.unavailable(61), /in 2 minutes\./)
  assert.match(de.problems.throttled(60), /in 1 Minute /)
  assert.match(de.problems.unavailable(1), /in 1 Sekunde /)
  assert.match(de.problems.throttled(900), /in 15 Minuten /)
})

/** Words of English sentences that no German one has. */
const english = /\b(the|must|password|is|are|username|address|characters?)\b/i

test('every reason against a password is said in German', async () => {
  const policy = createPasswordPolicy({
    refuseSamples: true,
    contextWords: ['portcullis'],
    breached: () => true,
  })
  const passwords = [
    ...['', 'short', 'x'.repeat(1100), 'line\nbreak and some more', 'aliceinwonderland'],
    ...[
      'correct horse battery staple',
      'qwertyuiopasdfg',
      'abcdefghijklmnopq',
      '20200101 1999 1990',
    ],
    ...['portcullisportcullis', 'monkeymonkeymonkey', 'a day in the sun now', goodPassword],
  ]
  const seen = new Set<string>()
  for (const password of passwords) {
    for (const reason of await policy.problemsOf(password, 'aliceinwonderland')) {
      const german = inGerman(reason)
      seen.add(german)
      assert.notEqual(german, reason)
      assert.doesNotMatch(german, english)
    }
  }
  assert.ok(seen.size > 12, [...seen].join('\n'))
})

test('every reason against a name or an address is said in German', () => {
  for (const reason of [
    ...[usernameRule, emailRule, 'The username is taken.', 'Registration is closed.'],
    'Only addresses of example.com, example.org may register.',
    'A username with an @ must be the verified e-mail address of the user.',
    'Another user has verified the e-mail address.',
    'The registration was refused: try it again.',
  ]) {
    assert.doesNotMatch(inGerman(reason), english)
  }
})

test('a reason that is not known is said in English, and so is a language', () => {
  assert.equal(inGerman('Something else.'), 'Something else.')
  assert.equal(textsIn('fr'), en)
})
