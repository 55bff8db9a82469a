import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from '../../src/pages/html.ts'
import { page } from '../../src/pages/page.ts'

test('whatever is put into HTML is text, unless it is HTML itself', () => {
  const name = `<b title="a">&'`
  const item = html`<li>${name}</li>`
  assert.equal(item.markup, '<li>&#60;b title=&#34;a&#34;&#62;&#38;&#39;</li>')
  assert.equal(html`<ul>${[item, item]}</ul>`.markup, `<ul>${item.markup}${item.markup}</ul>`)
  assert.equal(html`<a title="${item}">`.markup, `<a title="${item.markup}">`)
})

test('the title of a page is text, too', () => {
  const { html: document } = page({ title: '<script>', body: html`` })
  assert.doesNotMatch(document, /<script/)
})

test('a page may do what it is made to do, and nothing else', () => {
  const plain = page({ title: 'a', body: html`` }).contentSecurityPolicy
  assert.match(plain, /default-src 'none'/)
  assert.match(plain, /form-action 'none'/)
  assert.match(plain, /frame-ancestors 'none'/)
  assert.doesNotMatch(plain, /script-src|unsafe/)
  const form = page({ title: 'a', body: html``, script: 'f()', hasForm: true })
  assert.match(form.contentSecurityPolicy, /script-src 'sha256-[\w+/]+=*';.*form-action 'self'/)
  assert.match(form.html, /<script>f\(\)<\/script>/)
})
