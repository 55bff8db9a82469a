import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { appsPage } from '../../src/pages/apps-page.ts'
import { authorizationErrorPage } from '../../src/pages/authorization-error-page.ts'
import { formPostPage } from '../../src/pages/form-post-page.ts'
import { loggedOutPage, logoutQuestionPage } from '../../src/pages/logout-page.ts'
import { movingOnPage } from '../../src/pages/moving-on-page.ts'
import { style } from '../../src/pages/style.ts'
import { ownTextsIn } from '../../src/pages/texts/own-languages.ts'
import { hostile, query, setting } from './login-views.ts'

const { texts } = setting()
const form = { action: '/auth/logout', hidden: { csrf: 'proof' } }

test('the page after a form moves on by itself, with a link and without a script (OP-96)', () => {
  const url = `/auth/authorize?${query}&proof=a'b"c`
  const { html: document, contentSecurityPolicy } = movingOnPage({ ...setting(), url })
  const escaped = url.replace(/[&"']/g, (character) => `&#${character.charCodeAt(0)};`)
  assert.ok(document.includes(`<meta http-equiv="refresh" content="0;url=${escaped}">`))
  assert.ok(document.includes(`<a class="main" href="${escaped}">Continue</a>`))
  assert.ok(document.indexOf('http-equiv="refresh"') < document.indexOf('</head>'))
  assert.match(contentSecurityPolicy, /form-action 'none'/)
  assert.doesNotMatch(document, /<script/)
})

test('form_post: fields escaped, one script by its hash, a button without scripts (OP-20)', () => {
  const { html: document, contentSecurityPolicy } = formPostPage({
    ...{ ...setting(), client: { name: hostile }, action: 'https://app.example.com/cb?a=1&b=2' },
    hidden: { code: 'abc', state: hostile, iss: 'https://auth.example.com' },
  })
  assert.match(document, /action="https:\/\/app\.example\.com\/cb\?a=1&#38;b=2"/)
  assert.match(document, /name="state" value="&#34;&#62;&#60;script&#62;alert\(1\)/)
  assert.match(document, /<button class="main">Continue<\/button>/)
  const scripts = [...document.matchAll(/<script>(.*?)<\/script>/g)].map(([, text = '']) => text)
  assert.equal(scripts.length, 1)
  const hash = createHash('sha256')
    .update(scripts[0] ?? '')
    .digest('base64')
  assert.ok(contentSecurityPolicy.includes(`script-src 'sha256-${hash}';`))
  // A client may redirect to where it likes after the form.
  assert.doesNotMatch(contentSecurityPolicy, /form-action/)
  assert.match(contentSecurityPolicy, /^default-src 'none'.*frame-ancestors 'none'$/)
})

test('a log-out is asked for by a form', () => {
  const { html: document } = logoutQuestionPage({ ...setting(), ...form, username: hostile })
  assert.match(document, /<body data-page="logout">/)
  assert.match(document, /action="\/auth\/logout"><input type="hidden" name="csrf" value="proof">/)
  assert.match(document, /<button class="main">Log out<\/button>/)
  assert.doesNotMatch(document, /<script/)
})

test('the page after a log-out leads back to a client, if one is known', () => {
  const back = { name: 'Example App', uri: 'https://app.example.com/bye' }
  const { html: document } = loggedOutPage({ ...setting(), back })
  assert.match(document, /<body data-page="logged-out">[\s\S]*<h1>Logged out<\/h1>/)
  assert.match(document, /<a href="https:\/\/app\.example\.com\/bye">Back to <strong>/)
  assert.doesNotMatch(loggedOutPage({ ...setting(), back: null }).html, /<a /)
})

test('an error page says what is wrong and what the log calls the request, and has no link', () => {
  for (const says of [...Object.values(texts.errors), texts.later(30)]) {
    const { html: document } = authorizationErrorPage({ ...setting(), says, requestId: 'req-7' })
    assert.match(document, /<body data-page="error">/)
    assert.ok(document.includes(`<h1>${says.title}</h1>`))
    assert.ok(document.includes(says.text))
    assert.match(document, /<code>req-7<\/code>/)
    assert.doesNotMatch(document, /<a |<form/)
  }
  const says = texts.errors.foreign
  assert.doesNotMatch(
    authorizationErrorPage({ ...setting(), says, requestId: null }).html,
    /<code>|Request ID/,
  )
})

test('users see what they have allowed, and withdraw it by a form for each client (OP-43)', () => {
  const scopes = ['See your e-mail address']
  const apps = ['Example App', hostile].map((name, index) => ({
    ...{ name, scopes, allowedAt: 1_800_000_000 },
    ...{ action: '/account/apps', hidden: { client: `c${index}`, csrf: 'proof' } },
  }))
  const view = { ...setting(), own: ownTextsIn('en'), username: 'alice', apps }
  const { html: document } = appsPage(view)
  assert.equal(document.match(/<form method="post" action="\/account\/apps">/g)?.length, 2)
  assert.match(document, /<h2 id="app-2"><bdi>&#34;&#62;&#60;script/)
  assert.match(document, /name="client" value="c1">.*aria-describedby="app-2">Withdraw access</)
  assert.match(document, /<time datetime="2027-01-15">January 15, 2027<\/time>/)
  assert.match(appsPage({ ...view, ...setting('de') }).html, />15\. Januar 2027</)
  assert.match(appsPage({ ...view, withdrawn: 'Old' }).html, /<bdi>Old<\/bdi><\/strong> has no/)
})

test('a user who has allowed nothing is told so', () => {
  const { html: document, contentSecurityPolicy } = appsPage({
    ...{ ...setting(), own: ownTextsIn('en'), username: 'alice', apps: [] },
  })
  assert.match(document, /You have allowed no application/)
  assert.match(contentSecurityPolicy, /form-action 'none'/)
})

test('the style of all pages has 6 KB at most', () => {
  assert.ok(Buffer.byteLength(style) <= 6144, `${Buffer.byteLength(style)} bytes`)
})
