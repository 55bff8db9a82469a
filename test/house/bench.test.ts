import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { renderReport } from '../../bench/compare/report.ts'
import { readResults } from '../../bench/compare/results.ts'

test('the README shows the measured figures, and so do the tables and the plot beside them', () => {
  const results = readResults()
  assert.notDeepEqual(Object.keys(results), [])
  for (const [path, text] of renderReport(results)) {
    assert.equal(readFileSync(path, 'utf8'), text, `${path} is old: npm run bench -- --report`)
  }
})
