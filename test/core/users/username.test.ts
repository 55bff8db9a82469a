import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canonicalUsername,
  foldUsername,
  usernameMaxLength,
} from '../../../src/core/users/username.ts'

/** Each input with its canonical form, or null where it is refused. */
function assertCanonical(rows: readonly (readonly [input: string, expected: string | null])[]) {
  for (const [input, expected] of rows) {
    assert.equal(canonicalUsername(input), expected, JSON.stringify(input))
  }
}

test('width, case and composition do not make another account (AZ-01)', () => {
  assertCanonical([
    ['alice', 'alice'],
    ['ALICE', 'alice'],
    ['Ａlice', 'alice'],
    ['ａｌｉｃｅ', 'alice'],
    ['ren\u00e9', 'ren\u00e9'],
    ['rene\u0301', 'ren\u00e9'],
    ['RENE\u0301', 'ren\u00e9'],
    ['\u{ff76}\u{ff9e}', 'ガ'],
    ['ＡＬＩＣＥ＿１', 'alice_1'],
    ['alice@example.com', 'alice@example.com'],
  ])
})

test('Korean is one name, composed or not, and letters that make no syllable are none (AZ-01)', () => {
  assertCanonical([
    ['\u1100\u1161', '\uac00'],
    ['\uac00', '\uac00'],
    ['\u1112\u1161\u11ab\u1100\u116e\u11a8', '한국'],
    ['김철수'.normalize('NFD'), '김철수'],
    ['\uffa1\uffc2', '\uac00'],
    ['\u1100', null],
    ['\uac00\u1100', null],
    ['\u1161\u1100', null],
    ['가'.repeat(usernameMaxLength).normalize('NFD'), '가'.repeat(usernameMaxLength)],
  ])
})

test('every code point that is a name composed is the same name decomposed (AZ-01)', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code)
    const decomposed = character.normalize('NFD')
    if (decomposed === character) continue
    if (canonicalUsername(decomposed) !== canonicalUsername(character)) {
      assert.fail(JSON.stringify(character))
    }
  }
})

test('the Kelvin and Ångström signs are the letters they stand for (AZ-03)', () => {
  assertCanonical([
    ['\u212aelvin', 'kelvin'],
    ['\u212bngstr\u00f6m', '\u00e5ngstr\u00f6m'],
    ['\u2126', 'ω'],
  ])
})

test('a long s or a ligature is refused, a dotted or dotless I is never an i (AZ-03)', () => {
  assertCanonical([
    ['\u017fam', null],
    ['\ufb01n', null],
  ])
  for (const lookAlike of ['adm\u0130n', 'adm\u0131n']) {
    assert.notEqual(canonicalUsername(lookAlike), 'admin')
  }
})

test('a fullwidth sign is checked as what it becomes (AZ-02, GHSA-7rqj-j65f-68wh)', () => {
  assertCanonical([
    ['a＠b．c', 'a@b.c'],
    ['a\u3000b', null],
    ['a\uffa0b', null],
    ['\uff00', null],
  ])
})

test('letters of two scripts are refused, whichever looks like the other (AZ-03)', () => {
  assertCanonical([
    ['\u0430dmin', null],
    ['admin\u0456', null],
    ['p\u03b1ypal', null],
    ['\u0561dmin', null],
    ['админ', 'админ'],
    ['αθηνα', 'αθηνα'],
  ])
})

test('Japanese, Chinese and Korean names may mix the scripts they are written in', () => {
  assertCanonical([
    ['田中たろうタロー', '田中たろうタロー'],
    ['Taro田中', 'taro田中'],
    ['kim한국', 'kim한국'],
    ['王ㄅob', '王ㄅob'],
    ['たろう한국', null],
    ['админ田', null],
  ])
})

test('a right-to-left name obeys the bidi rule (RFC 5893 §2)', () => {
  assertCanonical([
    ['דוד', 'דוד'],
    ['דוד1', 'דוד1'],
    ['محمد', 'محمد'],
    ['محمد١', 'محمد١'],
    ['1דוד', null],
    ['דוד.', null],
    ['محمد1١', null],
    ['١', null],
  ])
})

test('spaces, controls and characters that cannot be seen are refused', () => {
  const refused =
    ' \t\n\r\0\u00a0\u00ad\u034f\u061c\u180e\u2003\u200b\u200c\u200d\u200e\u202e\u2028'
  for (const character of [
    ...refused,
    '\u2060',
    '\u3000',
    '\u3164',
    '\ufe0f',
    '\ufeff',
    '\u{e0061}',
  ]) {
    assertCanonical([
      [`a${character}b`, null],
      [`${character}ab`, null],
      [`ab${character}`, null],
    ])
  }
})

test('symbols, compatibility characters and broken text are refused', () => {
  for (const text of [
    'a♥',
    'a😀',
    '①',
    'x²',
    '½',
    'Ⅳ',
    'ª',
    '℀',
    '\ud800',
    'a\udc00',
    '\ue000',
    '\uffff',
  ]) {
    assertCanonical([[text, null]])
  }
})

test('a username has 1 to 254 code points', () => {
  assertCanonical([
    ['', null],
    ['a'.repeat(usernameMaxLength), 'a'.repeat(usernameMaxLength)],
    ['a'.repeat(usernameMaxLength + 1), null],
    ['a'.repeat(1_000_000), null],
    ['\u{20bb7}'.repeat(usernameMaxLength), '\u{20bb7}'.repeat(usernameMaxLength)],
    // Two code points each after it is lower-cased.
    ['\u0130'.repeat(200), null],
  ])
})

test('a canonical form is its own canonical form, for every code point (AZ-02)', () => {
  let accepted = 0
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code)
    for (const text of [character, `a${character}`, `${character}\u0301`]) {
      const canonical = canonicalUsername(text)
      if (canonical === null) continue
      accepted++
      if (canonicalUsername(canonical) !== canonical) assert.fail(JSON.stringify(text))
    }
  }
  assert.ok(accepted > 100_000)
})

const pieces = [
  ...['a', 'B', 'Ａ', '\u0130', '\u212a', 'ß', '\u1e9e', '\u0301', '\u0307', '\u0345', 'Σ', 'σ'],
  ...[
    'А',
    'я',
    'ד',
    'م',
    '١',
    '1',
    '１',
    '.',
    '＠',
    '-',
    '田',
    'た',
    '\u{ff76}',
    '\u{ff9e}',
    '\uac00',
    '\u11a8',
  ],
]

test('a canonical form is its own canonical form, for any text (AZ-02)', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.string({ unit: fc.constantFrom(...pieces), maxLength: 8 }),
  )
  fc.assert(
    fc.property(text, (input) => {
      const canonical = canonicalUsername(input)
      if (canonical !== null) assert.equal(canonicalUsername(canonical), canonical)
    }),
    { numRuns: 5000 },
  )
})

test('a part of a username is folded as the whole is, for a search (AZ-01)', () => {
  assert.equal(foldUsername('ＡLI'), 'ali')
  assert.equal(foldUsername('E\u0301'), '\u00e9')
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...pieces), maxLength: 8 }), (input) => {
      const canonical = canonicalUsername(input)
      if (canonical !== null) assert.equal(foldUsername(input), canonical)
    }),
  )
})

test('a name of printable ASCII is what the profile makes of its fullwidth form (RFC 8265 §3.3)', () => {
  const ascii = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7f }).map((code) => String.fromCharCode(code)),
    maxLength: 260,
  })
  const widen = (text: string): string =>
    text.replace(/[\x21-\x7e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
  fc.assert(
    fc.property(ascii, (name) =>
      assert.equal(canonicalUsername(name), canonicalUsername(widen(name))),
    ),
  )
})
