// What nobody switches on is not loaded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSources } from '../house/sources.ts'

const byPath = new Map(readSources().map((source) => [source.path, source]))

/** Every file that comes with an entry of the package, types aside. */
function loadedBy(entry: string): ReadonlySet<string> {
  const reached = new Set([entry])
  // The loop comes to what is added meanwhile.
  for (const path of reached) {
    for (const { file, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (file !== undefined && !typeOnly) reached.add(file)
    }
  }
  return reached
}

const isOfHostedLogin = (path: string): boolean =>
  /^(hosted-login|http\/authorization)\/|^pages\/(texts\/)?(login-|own-(?!texts\.ts))/.test(path)

for (const entry of [
  'index.ts',
  'fastify/index.ts',
  'web/index.ts',
  'hono/index.ts',
  'express/index.ts',
]) {
  test(`${entry} loads nothing of a login by browser`, () => {
    const reached = loadedBy(entry)
    assert.ok(reached.size > 30)
    assert.deepEqual([...reached].filter(isOfHostedLogin), [])
  })
}

test('the entry of its own loads all of it', () => {
  const reached = loadedBy('hosted-login/index.ts')
  const all = [...byPath.keys()].filter(isOfHostedLogin)
  assert.deepEqual(
    all.filter((path) => !reached.has(path)),
    [],
  )
})

/** What comes with an entry at its start: no file that is imported when it is needed. */
function loadedAtStart(entry: string): ReadonlySet<string> {
  const reached = new Set([entry])
  for (const path of reached) {
    const { code = '', imports = [] } = byPath.get(path) ?? {}
    for (const { specifier, file, typeOnly } of imports) {
      const isStatic = !code.includes(`import('${specifier}')`)
      if (file !== undefined && !typeOnly && isStatic) reached.add(file)
    }
  }
  return reached
}

test('a page for users who are logged in is loaded when somebody asks for it', () => {
  const reached = [...loadedAtStart('hosted-login/index.ts')]
  assert.ok(reached.length > 60)
  assert.deepEqual(
    reached.filter((path) => /^pages\/(texts\/)?own-/.test(path)),
    ['pages/own-style.ts'],
  )
  const { code } = byPath.get('http/authorization/own/own-pages.ts') ?? assert.fail()
  for (const [, file = ''] of code.matchAll(/import\('\.\/([\w-]+\.ts)'\)/g)) {
    assert.equal(reached.includes(`http/authorization/own/${file}`), false, file)
  }
})
