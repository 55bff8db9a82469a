import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Field, form, type Problem } from '../../src/pages/form.ts'

const fields: readonly Field[] = [
  { name: 'username', label: 'Username', autocomplete: 'username' },
  { name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password' },
]

function markupOf(problems: readonly Problem[], first?: string): string {
  const markup = form({ fields, button: 'Send', problems, ...(first && { first }) }).markup
  assert.equal(markup.match(/ autofocus/g)?.length, 1)
  return markup
}

const summaryOf = (markup: string): string => markup.slice(0, markup.indexOf('<form'))

test('a form without problems has no summary, and begins with its first field or the named one', () => {
  const markup = markupOf([])
  assert.equal(summaryOf(markup).trim(), '')
  assert.doesNotMatch(markup, /aria-invalid/)
  assert.match(markup, /<input id="username"[^>]* autofocus>/)
  assert.match(markupOf([], 'password'), /<input id="password"[^>]* autofocus>/)
})

test('the summary has one link a field, and only the field says why', () => {
  const markup = markupOf([
    { field: 'password', text: 'It is short.' },
    { field: 'password', text: 'It is common.' },
  ])
  assert.deepEqual(summaryOf(markup).match(/<a .*?<\/a>/g), ['<a href="#password">Password</a>'])
  assert.equal(markup.split('It is short.').length, 2)
  assert.match(markup, /id="password-error">.*It is short\. It is common\./)
  assert.match(markup, /<input id="password"[^>]* aria-invalid="true" autofocus>/)
})

test('a problem that no field of the form shows is in the summary', () => {
  for (const field of [null, 'elsewhere']) {
    const summary = summaryOf(markupOf([{ field, text: 'Send it again.' }]))
    assert.match(summary, /<p>Send it again\.<\/p>/)
    assert.doesNotMatch(summary, /<a /)
  }
})
