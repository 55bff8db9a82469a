import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isMixedScript, readEmail } from '../../../src/core/users/email.ts'

/** Each text with the address that is read, or null where it is refused. */
function assertRead(rows: readonly (readonly [text: unknown, email: string | null])[]): void {
  for (const [text, email] of rows) {
    assert.equal(readEmail(text)?.email ?? null, email, JSON.stringify(text))
  }
}

function keyOf(text: string): string {
  const read = readEmail(text)
  assert.ok(read, text)
  return read.key
}

const bytes63 = 'a'.repeat(63)
/** An address of so many characters. */
function ofLength(length: number): string {
  const domain = `${bytes63}.${bytes63}.${bytes63}.com`
  return `${'b'.repeat(64)}@${domain}`.slice(-length)
}

test('what a parser may read in two ways is no address (AC-02)', () => {
  assertRead([
    ['"a@evil.com x"@good.com', null],
    ['"a"@good.com', null],
    ['u@good.com(x)evil.com', null],
    ['u(x)@good.com', null],
    ['a@b@c', null],
    ['a@b.com@c.com', null],
    ['a,b@c.com', null],
    ['a@b.com,c@d.com', null],
    ['Alice <a@b.com>', null],
    ['a@b.com\r\nBcc: c@d.com', null],
    ['a@b.com\n', null],
    ['\na@b.com', null],
    ['a@b.com\0', null],
    ['a\0@b.com', null],
    ['a@[1.2.3.4]', null],
    ['a@[IPv6:::1]', null],
    ['a@1.2.3.4', null],
    ['a@0x7f.1', null],
    ['a@b.com:25', null],
    ['a@b.com/c', null],
    ['a@b%2ecom', null],
    ['a@b.com?c', null],
    ['a@b.com#c', null],
    ['a@b\\c.com', null],
    ['a@b_c.com', null],
    ['a b@c.com', null],
    [' a@b.com', null],
    ['a@b.com ', null],
  ])
})

test('an address is a dot-atom, an @ and a domain with a dot, 254 characters at most (AC-02)', () => {
  assertRead([
    ['a@b.com', 'a@b.com'],
    ["!#$%&'*+/=?^_`{|}~-@b.com", "!#$%&'*+/=?^_`{|}~-@b.com"],
    ['a@b.co1', 'a@b.co1'],
    ['a@1.b2.com', 'a@1.b2.com'],
    ['.a@b.com', null],
    ['a.@b.com', null],
    ['a..b@c.com', null],
    ['@b.com', null],
    ['a@', null],
    ['a', null],
    ['', null],
    ['a@localhost', null],
    ['a@b.', null],
    ['a@b.com.', null],
    ['a@.com', null],
    ['a@b..com', null],
    ['a@-b.com', null],
    ['a@b-.com', null],
    [`${'a'.repeat(64)}@b.com`, `${'a'.repeat(64)}@b.com`],
    [`${'a'.repeat(65)}@b.com`, null],
    [`a@${bytes63}.com`, `a@${bytes63}.com`],
    [`a@${bytes63}a.com`, null],
    [ofLength(254), ofLength(254)],
    [ofLength(255), null],
    ['ü@b.com', null],
    [undefined, null],
    [null, null],
    [['a@b.com'], null],
    [{ toString: () => 'a@b.com' }, null],
  ])
})

test('what is checked is the normalised text, which is ASCII throughout (AC-03)', () => {
  assertRead([
    ['a＠b.com', 'a@b.com'],
    ['ａ＠ｂ．ｃｏｍ', 'a@b.com'],
    ['a＠b@c.com', null],
    ['a@b＠c.com', null],
    ['a﹫b.com', null],
    ['a@b。com', 'a@b.com'],
    ['a@b.com／c', null],
    ['a@b％2ecom', null],
    ['a@℀.com', null],
    ['a@b\u00ad.com', 'a@b.com'],
    ['a@b\u200b.com', 'a@b.com'],
    ['a@\u00ad.com', null],
    ['a\u00ad@b.com', null],
    ['a\u200b@b.com', null],
    ['\ufeffa@b.com', null],
    ['a@b\u202e.com', null],
  ])
})

test('one key: case and A-labels make no difference, dots and plus do (AC-04)', () => {
  assert.equal(keyOf('Alice@EXAMPLE.com'), keyOf('alice@example.com'))
  assert.equal(keyOf('a@bücher.de'), keyOf('a@xn--bcher-kva.de'))
  assert.equal(keyOf('a@BÜCHER.de'), keyOf('a@XN--BCHER-KVA.de'))
  assert.equal(keyOf('a@bu\u0308cher.de'), keyOf('a@bücher.de'))
  const others = ['a@b.de', 'a+x@b.de', 'a.x@b.de', 'ax@b.de', 'a@faß.de', 'a@fass.de'].map(keyOf)
  assert.equal(new Set(others).size, others.length)
})

test('an A-label that stands for nothing is none (AC-04)', () => {
  for (const domain of ['xn--a.de', 'xn--zzzzzzzzzzz.de', 'xn--.de', 'xn--abc-.de']) {
    assertRead([[`a@${domain}`, null]])
  }
})

test('mails go to the local part as it was typed, and to the domain in lower case (AC-05)', () => {
  assertRead([
    ['Alice.B@EXAMPLE.Com', 'Alice.B@example.com'],
    // A letter that lower or upper case makes ASCII of is not ASCII.
    ['m\u0131ke@b.com', null],
    ['mi\u212ae@b.com', null],
    ['a\u017f@b.com', null],
    ['ß@b.com', null],
    ['a@m\u0131ke.com', 'a@xn--mke-jua.com'],
    ['a@mi\u212ae.com', 'a@mike.com'],
  ])
})

test('a domain of mixed scripts is found, and is stored in A-labels (AC-06)', () => {
  const mixed = readEmail('a@\u0430pple.com')
  assert.equal(mixed?.email, 'a@xn--pple-43d.com')
  const rows: readonly (readonly [string, boolean])[] = [
    ['a@\u0430pple.com', true],
    ['a@xn--pple-43d.com', true],
    ['a@b.\u0430pple.com', true],
    ['a@apple.com', false],
    ['a@bücher.de', false],
    ['a@яндекс.рф', false],
    ['a@яндекс.com', false],
    ['a@東京タワー.jp', false],
  ]
  for (const [text, expected] of rows) {
    const read = readEmail(text)
    assert.ok(read, text)
    assert.equal(isMixedScript(read), expected, text)
  }
})

const letters = fc.constantFrom(
  ...'aZ0.-@+"(,[%:/ \u00e9\u0131\u00df\uff20\uff41\ufe6b\u3002\u00ad\u200b\u212a\u0430\n\0',
)
const texts = fc.oneof(
  fc.string({ unit: letters, maxLength: 20 }),
  fc
    .tuple(fc.string({ unit: letters, maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 8 }))
    .map(([local, domain]) => `a${local}@b${domain}.com`),
)

test('an address that was read is read as itself, and so is its key (AC-03)', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const read = readEmail(text)
      if (read === null) return
      assert.deepEqual(readEmail(read.email), read)
      assert.deepEqual(readEmail(read.key), { email: read.key, key: read.key })
    }),
    { numRuns: 5000 },
  )
})

test('whatever is typed, an address is ASCII with one @, and no sign of a list, a comment or a line (AC-02)', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const read = readEmail(text)
      if (read === null) return
      assert.match(read.email, /^[!#-'*+.\w/=?^`{|}~-]+@[\da-z.-]+$/)
      assert.ok(read.email.length <= 254)
    }),
    { numRuns: 5000 },
  )
})
