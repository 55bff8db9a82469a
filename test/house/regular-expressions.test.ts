// Every regular expression that `src` writes down, judged by a tool that looks for input on which it is slow.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { tokenizer } from 'acorn'
import { checkSync } from 'recheck'
import { readSources, root } from './sources.ts'

interface Expression {
  readonly path: string
  readonly pattern: string
  readonly flags: string
}

function expressionsOf(path: string): readonly Expression[] {
  const code = stripTypeScriptTypes(readFileSync(join(root, 'src', path), 'utf8'))
  const options = { ecmaVersion: 'latest', sourceType: 'module' } as const
  const tokens = [...tokenizer(code, options)] as readonly { readonly value?: unknown }[]
  return tokens.flatMap(({ value }) => {
    const { pattern, flags } = Object(value) as Partial<Expression>
    return pattern === undefined || flags === undefined ? [] : [{ path, pattern, flags }]
  })
}

const expressions = readSources().flatMap(({ path }) => expressionsOf(path))

test('every regular expression takes time that is linear in its input (DR-04)', () => {
  assert.ok(expressions.length > 40, `${expressions.length} were found`)
  const slow = expressions.flatMap(({ path, pattern, flags }) => {
    // The same input each time: what it tries is random.
    const { status } = checkSync(pattern, flags, { randomSeed: 1 })
    return status === 'safe' ? [] : [`${path}: /${pattern}/${flags} is ${status}`]
  })
  assert.deepEqual(slow, [])
})
