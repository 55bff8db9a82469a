import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { type PageOptions, readPageOptions } from '../../../src/http/pages/page-options.ts'
import { html } from '../../../src/pages/html.ts'
import { type Page, page } from '../../../src/pages/page.ts'
import { openAccountSite } from '../../account-site.ts'
import { contrast } from '../../contrast.ts'

const show = (options: PageOptions): Page =>
  page({ title: 'A page', body: html``, site: readPageOptions(options, 'auth.example.com') })

function problemsOf(options: PageOptions): readonly string[] {
  try {
    readPageOptions(options, 'x')
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

test('the name of the site is on the page and in its title, as text', () => {
  assert.match(show({}).html, /<title>A page · auth\.example\.com<\/title>/)
  const { html: document } = show({ name: '<b>Shop' })
  assert.match(document, /<\/svg>&#60;b&#62;Shop<\/header>/)
  assert.doesNotMatch(document, /Portcullis/)
})

test('a logo stands before the name, or in its place if it says it', () => {
  const url = 'https://cdn.example.com/logo.svg'
  const beside = show({ name: 'Shop', logo: { url } })
  assert.match(beside.html, /<header><img src="https:[^"]*" alt="">Shop<\/header>/)
  assert.match(beside.html, /<link rel="icon" href="https:\/\/cdn\.example\.com\/logo\.svg">/)
  const instead = show({ name: 'Shop', logo: { url, alt: 'Shop' } })
  assert.match(instead.html, /<header><img src="https:[^"]*" alt="Shop"><\/header>/)
})

test('the policy allows images from where the logo is, and from nowhere else', () => {
  const sourcesOf = (url: string): string | undefined =>
    /img-src ([^;]*)/.exec(show({ logo: { url } }).contentSecurityPolicy)?.[1]
  assert.equal(sourcesOf('https://cdn.example.com/a.png?v=1'), 'data: https://cdn.example.com')
  assert.equal(sourcesOf('/logo.svg'), "data: 'self'")
  assert.equal(sourcesOf('data:image/svg+xml,%3Csvg/%3E'), 'data:')
})

test('a logo that a page could not show, or should not, is refused', () => {
  for (const url of [
    ...['http://cdn.example.com/a.png', '//evil.example/a.png', 'logo.png', '', 'javascript:x'],
    ...['data:text/html,x', '/a b', '/a;script-src *', 'https://', '/\\evil.example'],
  ]) {
    assert.equal(problemsOf({ logo: { url } }).length, 1, url)
  }
})

test('an accent replaces the usual one in the style, which the policy knows', () => {
  const accent = { light: '#0a5c36', dark: '#7fd4a8' }
  const { html: document, contentSecurityPolicy } = show({ accent })
  assert.match(document, /:root \{ --accent: light-dark\(#0a5c36, #7fd4a8\); \}\n<\/style>/)
  assert.match(document, /%230a5c36/)
  assert.notEqual(contentSecurityPolicy, show({}).contentSecurityPolicy)
})

test('an accent that some people could not read is refused, with the reason', () => {
  assert.deepEqual(problemsOf({ accent: { light: '#777777', dark: '#767676' } }), [
    'pages.accent.light needs a contrast of 4.5 with #ffffff; #777777 has 4.48: choose a darker colour.',
    'pages.accent.dark needs a contrast of 4.5 with #1c1f28; #767676 has 3.62: choose a lighter colour.',
  ])
  assert.deepEqual(problemsOf({ accent: { light: '#767676', dark: '#888888' } }), [])
  assert.deepEqual(problemsOf({ accent: { light: 'red', dark: '#fff' } }), [
    'pages.accent.light must be a colour of the form #3049c9.',
    'pages.accent.dark must be a colour of the form #3049c9.',
  ])
})

test('the text on an accent is as easy to read as the accent itself', () => {
  for (const [accent, text] of [
    ['#767676', '#ffffff'],
    ['#888888', '#11142b'],
  ] as const) {
    assert.deepEqual(problemsOf({ accent: { light: '#767676', dark: '#888888' } }), [])
    assert.ok(contrast(accent, text) >= 4.5)
  }
})

test('an application is told at its start', async () => {
  const accent = { light: '#ffff00', dark: '#93a5ff' }
  await assert.rejects(openAccountSite({ plugin: { pages: { accent } } }), ConfigError)
  const pages = { colour: 'red' } as PageOptions
  await assert.rejects(openAccountSite({ plugin: { pages } }), /pages has no option "colour"/)
})
