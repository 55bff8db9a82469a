// The pictures of the documents: each says in words what it shows, in both colour schemes.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { logo } from '../../src/pages/logo.ts'
import { contrast } from '../contrast.ts'
import { root } from './sources.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pictures = globSync('docs/pictures/*.svg', { cwd: root }).sort()

/** Every picture that a page shows, with the words for readers who do not see it. */
const shown = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).flatMap((page) =>
  [...read(page).matchAll(/!\[([^\]]*)\]\(([^)\s]+\.svg)\)/g)].map(
    ([, words = '', target = '']) => ({ picture: join(dirname(page), target), words }),
  ),
)

test('there is a picture of each thing that the page on how it works explains', () => {
  const headings = read('docs/how-it-works.md').match(/^## /gm) ?? []
  assert.equal(pictures.length, headings.length)
})

for (const picture of pictures) {
  const svg = read(picture)

  test(`${picture} has a title and a description, and names them as its label`, () => {
    assert.match(svg, /<title id="title">[^<]{5,}<\/title>/)
    assert.match(svg, /<desc id="desc">[^<]{100,}<\/desc>/)
    assert.match(svg, /<svg [^>]*role="img" aria-labelledby="title desc">/)
  })

  test(`${picture} gives the dark scheme every colour that the light one has`, () => {
    const [light = '', dark = ''] = svg.split('@media (prefers-color-scheme: dark)')
    const colours = (text: string): readonly string[] =>
      [...text.matchAll(/(--\w+): #[\da-f]{6};/g)].map(([, name = '']) => name).sort()
    assert.notDeepEqual(colours(light), [])
    assert.deepEqual(colours(dark), colours(light))
  })

  test(`${picture} loads nothing, runs nothing and has no colour beside those of the schemes`, () => {
    const drawing = svg.replace(/<style>[\s\S]*<\/style>/, '').replace('xmlns="http:', '')
    assert.doesNotMatch(drawing, /<script|<image|href=|https?:| (?:fill|stroke|style)=/)
  })

  test(`${picture} is shown by a page that says what it shows`, () => {
    const places = shown.filter((place) => place.picture === picture)
    assert.notDeepEqual(places, [])
    for (const { words } of places) assert.ok(words.length > 100, words)
  })
}

test('the README begins with the gate of the pages, which says in words what it is', () => {
  const [, source = '', words = ''] =
    /^<img src="([^"]+)" alt="([^"]{20,})"/.exec(read('README.md')) ?? []
  const svg = read(source)
  const gate = / d="[^"]+"/
  assert.equal(gate.exec(svg)?.[0], gate.exec(logo.markup)?.[0])
  assert.ok(svg.includes(`<title id="title">${words}</title>`))
  // GitHub's ground, light and dark. npm shows the light one.
  const [, colour = ''] = /stroke="(#[\da-f]{6})"/.exec(svg) ?? []
  for (const ground of ['#ffffff', '#0d1117']) {
    assert.ok(contrast(colour, ground) >= 3, `${colour} on ${ground}`)
  }
})
