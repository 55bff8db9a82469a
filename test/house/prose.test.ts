// The pages are easy to read: short sentences, and no words that hide who is meant. The source has none
// of the worst of these words.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { measureProse } from '../../scripts/prose.ts'
import { root } from './sources.ts'

/** Made from the code, or tables with few sentences. */
const generated = ['library-api', 'options', 'http-api', 'security-requirements', 'errors'].map(
  (name) => `docs/${name}.md`,
)

const pages = globSync(
  [
    'README.md',
    'SECURITY.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'docs/**/*.md',
    'examples/**/README.md',
    'bench/README.md',
    'site/index.md',
  ],
  { cwd: root },
)
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !generated.includes(path))
  .sort()

/** Words that hide who is meant, or that a reader has to look up. */
const stilted = /\b(whoever|anew|thereby|whilst|hitherto|wherein)\b/gi

test('there are pages to hold', () => {
  assert.ok(pages.length > 15, pages.join())
})

for (const page of pages) {
  test(`${page} is written in short sentences`, () => {
    const { sentences, mean, long, glue } = measureProse(readFileSync(join(root, page), 'utf8'))
    // On a short page a share says little.
    const mostLong = sentences.length < 8 ? 1 : sentences.length * 0.05
    assert.ok(mean <= 15, `${mean.toFixed(1)} words a sentence on average, at most 15 are allowed`)
    assert.ok(long.length <= mostLong, `over 30 words:\n${long.join('\n')}`)
    assert.deepEqual(glue, [])
  })
}

test('the comments and messages of the source use plain words', () => {
  const sources = globSync('src/**/*.ts', { cwd: root })
  assert.ok(sources.length > 200)
  assert.deepEqual(
    sources.flatMap((path) =>
      (readFileSync(join(root, path), 'utf8').match(stilted) ?? []).map(
        (word) => `${path}: ${word}`,
      ),
    ),
    [],
  )
})

const nine = 'one two three four five six seven eight nine'

test('the measure counts the words of sentences, a list item being one of its own', () => {
  const { sentences, mean } = measureProse(`${nine}. One two three.\n\n- four five six\n- a b c\n`)
  assert.deepEqual(sentences, [`${nine}.`, 'One two three.', 'four five six', 'a b c'])
  assert.equal(mean, 4.5)
})

test('the measure leaves out code, tables, headings and the targets of links', () => {
  const page = [
    '# A heading of five words',
    '```sh\nnpx portcullis key list\n```',
    '| a | table of words |',
    'See `any code` in [this page](docs/of-another-name.md).',
  ]
  assert.deepEqual(measureProse(page.join('\n\n')).sentences, ['See code in this page.'])
})

test('the measure finds long sentences and glue', () => {
  const exactly = Array.from({ length: 30 }, () => 'word').join(' ')
  const { long, glue } = measureProse(`${exactly}\n\n${exactly} more\n\nWhoever reads it anew`)
  assert.deepEqual(long, [`${exactly} more`])
  assert.deepEqual(glue, ['Whoever', 'anew'])
})
