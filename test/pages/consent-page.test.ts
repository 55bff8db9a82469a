import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consentPage } from '../../src/pages/consent-page.ts'
import { continuePage } from '../../src/pages/continue-page.ts'
import { consentView, hostile, setting } from './login-views.ts'

const { client } = consentView()
const show = (changes: Parameters<typeof consentView>[0] = {}): string =>
  consentPage(consentView(changes)).html

test('the consent page names the client, where it leads, the scopes and the user (OP-42)', () => {
  const document = show()
  assert.match(document, /<strong><bdi>Example App<\/bdi><\/strong> asks for access/)
  assert.match(document, /you then go to <strong><bdi>app\.example\.com<\/bdi>/)
  assert.match(document, /logged in as <strong><bdi>alice<\/bdi>/)
  assert.match(document, /<li>See your e-mail address<\/li><li>Read your items<\/li>/)
  // Nobody has described it.
  assert.match(document, /<li>items:write<\/li>/)
})

test('"Allow" has not the focus, and Enter denies (OP-42)', () => {
  const document = show()
  assert.doesNotMatch(document, /autofocus/)
  const [, form = ''] = /<form [^>]*class="buttons">(.*?)<\/form>/.exec(document) ?? []
  assert.deepEqual(form.match(/value="(deny|allow)">/g), ['value="deny">', 'value="allow">'])
  assert.match(form, /name="csrf"/)
})

test('the way to another account is a form of its own', () => {
  const switchAccount = { action: '/switch', hidden: { csrf: 'another' } }
  assert.match(
    show({ switchAccount }),
    /<form method="post" action="\/switch"><input type="hidden" name="csrf" value="another"><button class="plain">Use another account/,
  )
})

test('a client without scopes learns that somebody has logged in', () => {
  const document = show({ scopes: [] })
  assert.match(document, /It learns only that you have logged in/)
  assert.doesNotMatch(document, /<ul><\/ul>/)
})

test('a picture is shown from this server alone (OP-49)', () => {
  const policy = (logo: string | null): string =>
    consentPage(consentView({ client: { ...client, logo } })).contentSecurityPolicy
  assert.match(policy('/logos/app.svg'), /img-src data: 'self';/)
  assert.match(policy(null), /img-src data:;/)
  const inside = 'data:image/png;base64,AA=='
  assert.ok(show({ client: { ...client, logo: inside } }).includes(`src="${inside}"`))
  for (const logo of [
    ...['https://cdn.example.com/a.png', '//cdn.example.com/a.png', '/\\cdn.example.com/a.png'],
    ...['data:text/html,x', 'logo.png'],
  ]) {
    assert.doesNotMatch(show({ client: { ...client, logo } }), /<img/, logo)
    assert.match(policy(logo), /img-src data:;/, logo)
  }
})

test('links of the client lead to web pages, which do not learn where they were', () => {
  const links = show().match(/<a [^>]*>/g) ?? []
  assert.equal(links.length, 3)
  for (const link of links) assert.match(link, /target="_blank" rel="noopener noreferrer"/)
  const none = show({
    client: { ...client, uri: 'javascript:alert(1)', policyUri: 'data:text/html,x', tosUri: null },
  })
  assert.doesNotMatch(none, /<a /)
})

test('what the client calls itself is text, and so is the rest', () => {
  const document = show({
    ...{ username: hostile, problem: hostile },
    client: { ...client, name: hostile, redirectHost: hostile },
    scopes: [hostile],
  })
  assert.doesNotMatch(document, /<script/)
  assert.equal(document.match(/&#60;script&#62;/g)?.length, 5)
})

test('a question that is asked again says why, with the focus there', () => {
  const { otherUser } = setting().texts.problems
  for (const document of [
    show({ problem: otherUser }),
    continuePage(consentView({ problem: otherUser })).html,
  ]) {
    assert.match(document, /role="alert" tabindex="-1" autofocus>[\s\S]*Another user has logged/)
  }
})

test('a program of the device gets the login by one click (OP-46)', () => {
  const { html: document, contentSecurityPolicy } = continuePage(
    consentView({ username: hostile, client: { ...client, name: 'Tool' } }),
  )
  assert.match(document, /<body data-page="continue">/)
  assert.match(document, /it is <strong><bdi>Tool<\/bdi><\/strong>\./)
  assert.match(document, /<button name="decision" value="deny">Cancel<\/button>/)
  assert.match(document, /value="allow">Continue as &#34;&#62;&#60;script&#62;/)
  assert.doesNotMatch(document, /<script|autofocus/)
  assert.doesNotMatch(contentSecurityPolicy, /script-src/)
})
