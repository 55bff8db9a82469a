import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAst } from 'rolldown/parseAst'
import { root } from './sources.ts'

interface Node {
  readonly type: string
  readonly start: number
  readonly [member: string]: unknown
}

/** The lines of calls of `assert.rejects` and `assert.throws` that any error satisfies. */
function linesWithoutMatcher(source: string): readonly number[] {
  const lines: number[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) visit(each)
    if (typeof (value as Node | null)?.type !== 'string') return
    const node = value as Node
    if (isUnmatched(node)) lines.push(source.slice(0, node.start).split('\n').length)
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(source, { lang: 'ts' }))
  return lines
}

function isUnmatched(node: Node): boolean {
  if (node.type !== 'CallExpression') return false
  const { object, property } = node.callee as Record<string, { readonly name?: string }>
  const isClaim = object?.name === 'assert' && /^(rejects|throws)$/.test(property?.name ?? '')
  const matcher = (node.arguments as readonly Node[])[1]
  // A text in this place is a message, and no matcher.
  return (
    isClaim &&
    (matcher === undefined || (/^(Template)?Literal$/.test(matcher.type) && !matcher.regex))
  )
}

test('a rejection without a matcher is seen', () => {
  const source = `assert.rejects(a, B)
assert.rejects(a)
assert.throws(() => a, 'a message')
assert.throws(() => a, \`a message\`)
assert.throws(() => a, /a/)
test(() => { assert.throws(a) })`
  assert.deepEqual(linesWithoutMatcher(source), [2, 3, 4, 6])
})

test('every rejection that a test expects is one of a kind, since a mistake in the test rejects too', () => {
  const found = globSync('test/**/*.ts', { cwd: root }).flatMap((path) =>
    linesWithoutMatcher(readFileSync(join(root, path), 'utf8')).map((line) => `${path}:${line}`),
  )
  assert.deepEqual(found, [])
})
