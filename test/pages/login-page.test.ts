import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loginPage } from '../../src/pages/login-page.ts'
import { hostile, loginView, query, setting } from './login-views.ts'

const show = (changes: Parameters<typeof loginView>[0] = {}): string =>
  loginPage(loginView(changes)).html

/** The attributes of the element with this id. */
const element = (document: string, id: string): string =>
  new RegExp(`<\\w+ id="${id}"([^>]*)>`).exec(document)?.[1] ?? assert.fail(`no ${id}`)

test('the login page is one form that password managers know, and has no script (OP-63)', () => {
  const { html: document, contentSecurityPolicy } = loginPage(loginView())
  assert.equal(document.match(/<form /g)?.length, 1)
  assert.match(element(document, 'username'), /type="text" required autocomplete="username"/)
  const password = element(document, 'password')
  assert.match(password, /type="password" required autocomplete="current-password"/)
  assert.match(document, /<button class="main">Log in<\/button>/)
  assert.equal(document.match(/<button/g)?.length, 1)
  assert.doesNotMatch(document, /<script|\son\w+=/)
  assert.doesNotMatch(contentSecurityPolicy, /script-src|unsafe/)
  assert.match(contentSecurityPolicy, /form-action 'self'/)
})

test('the form goes where the view says, with its hidden fields', () => {
  const document = show({ hidden: { csrf: 'proof', other: hostile } })
  const [, action = ''] = /<form method="post" action="([^"]*)">/.exec(document) ?? []
  assert.equal(action.replaceAll('&#38;', '&'), `/auth/authorize/login?${query}`)
  assert.match(document, /<input type="hidden" name="csrf" value="proof">/)
  assert.match(document, /name="other" value="&#34;&#62;&#60;script&#62;alert/)
})

test('the empty field of the two is the one to begin with', () => {
  assert.match(element(show(), 'username'), / autofocus$/)
  assert.doesNotMatch(element(show(), 'password'), /autofocus/)
  const hinted = show({ username: 'alice' })
  assert.match(element(hinted, 'username'), /value="alice"/)
  assert.match(element(hinted, 'password'), / autofocus$/)
  assert.equal(hinted.match(/ autofocus/g)?.length, 1)
})

test('after a failure the summary has the focus and leads to the field (OP-62)', () => {
  const problem = setting().texts.problems.incorrect
  const document = show({ username: 'alice', problem })
  assert.match(document, /<div class="summary" role="alert" tabindex="-1" autofocus>/)
  assert.ok(document.includes(`<a href="#password">${problem}</a>`))
  assert.equal(document.match(/ autofocus/g)?.length, 1)
  assert.match(element(document, 'username'), /value="alice"/)
  assert.doesNotMatch(element(document, 'password'), /value=/)
  assert.ok(show({ problem }).includes(`<a href="#username">${problem}</a>`))
})

test('texts of others are text: the client, the login hint, the links (OP-30)', () => {
  const document = show({
    ...{ client: { name: hostile }, username: hostile, problem: hostile },
    links: { register: `/${hostile}` },
  })
  assert.doesNotMatch(document, /<script/)
  assert.equal(document.match(/&#60;script&#62;/g)?.length, 4)
})

test('what is switched off is not on the page', () => {
  const bare = show({ client: null, links: {}, staySignedIn: false })
  assert.doesNotMatch(bare, /checkbox|<a |continue to/)
  assert.match(show(), /<input type="checkbox" name="stay">Stay logged in/)
  assert.match(show({ links: { register: '/r' } }), /<a href="\/r">Register<\/a>/)
})

test('the page says what it is and in which language', () => {
  const document = show(setting('de'))
  assert.match(document, /<html lang="de">/)
  assert.match(document, /<body data-page="login">[\s\S]*<h1>Anmelden<\/h1>/)
})

test('the whole page is 8 KiB at most', () => {
  const { incorrect } = setting('de').texts.problems
  const document = show({ ...setting('de'), username: 'a'.repeat(254), problem: incorrect })
  assert.ok(Buffer.byteLength(document) <= 8192, `${Buffer.byteLength(document)} bytes`)
})
