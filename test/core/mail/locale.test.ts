import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preferredLocale } from '../../../src/core/mail/locale.ts'

const available = ['en', 'de']

test('the language of the greatest weight that there are texts in is preferred (RFC 9110 §12.5.4)', () => {
  const rows: readonly (readonly [accepted: string | null | undefined, locale: string | null])[] = [
    ['de', 'de'],
    ['de-CH,de;q=0.9,en;q=0.8', 'de'],
    ['fr, EN-us;q=0.5, de;q=0.4', 'en'],
    ['en;q=0.1,de;q=0.2', 'de'],
    ['en;q=0, de;q=0.1', 'de'],
    ['fr', null],
    ['*', null],
    ['deutsch', null],
    ['de;q=2, en', 'en'],
    ['', null],
    [null, null],
    [undefined, null],
    ['<script>', null],
    [`${'x,'.repeat(10_000)}de`, null],
  ]
  for (const [accepted, locale] of rows) {
    assert.equal(preferredLocale(accepted, available), locale, String(accepted).slice(0, 40))
  }
})
