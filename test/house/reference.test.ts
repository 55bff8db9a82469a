// The pages that are made from the code are of today's code.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeRoutes } from '../../scripts/http-api.ts'
import { describeLibrary } from '../../scripts/library-api.ts'
import { root } from './sources.ts'

const read = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8')
const advice = 'run: npm run reference'

test('the page on the library has every export with its docstring of today', () => {
  assert.ok(read('library-api.md').split('\n### ').length > 100)
  assert.ok(read('library-api.md') === describeLibrary(), advice)
})

test('the page on HTTP has every route of the OpenAPI document of today', async () => {
  assert.ok(read('http-api.md').split('\n## ').length > 20)
  assert.ok(read('http-api.md') === (await describeRoutes()), advice)
})
