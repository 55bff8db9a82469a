// The comparison with other projects: what it says of them was measured, and the first page leads there.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './sources.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const page = read('docs/why-not.md')

test('every figure of the comparison is one that the benchmark measured', () => {
  const measured = read('bench/results/README.md')
  // The tables below the summary have rates without their unit.
  const isMeasured = (rate: string): boolean =>
    measured.includes(` ${rate}/s `) || measured.includes(`| ${rate} |`)
  const figures = [...page.matchAll(/([\d,]+)\/s/g)].map(([, rate = '']) => rate)
  assert.ok(figures.length > 5)
  assert.deepEqual(
    figures.filter((rate) => !isMeasured(rate)),
    [],
  )
})

test('the comparison has a paragraph for each project in its table', () => {
  const rows = [...page.matchAll(/^\| \[([^\]]+)\]/gm)].map(([, name = '']) => name)
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading)
  assert.equal(rows.length, 6)
  assert.deepEqual(
    headings.slice(0, -1).map((heading) => heading.split(' with ')[0]),
    rows,
  )
})
