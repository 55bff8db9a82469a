import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { toBrowserClientRecord } from '../../../src/core/clients/browser-client.ts'
import { readConfiguredClients } from '../../../src/core/clients/configured.ts'
import { ConfigError } from '../../../src/core/errors.ts'
import { createTestAuth } from '../../fixtures.ts'

const secret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'

function problemsOf(clients: unknown): readonly string[] {
  try {
    readConfiguredClients(clients)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
}

test('a client with a secret is confidential and may introspect, one without is public', () => {
  const [app, spa] = readConfiguredClients([{ id: 'app', secret }, { id: 'spa' }])
  const { secretHash, ...others } = app ?? {}
  assert.match(String(secretHash), /^[\w-]{43}$/)
  assert.deepEqual(others, {
    id: 'app',
    name: 'app',
    grants: ['password', 'refresh_token'],
    scopes: null,
    introspect: true,
    createdAt: 0,
    ...toBrowserClientRecord({}),
  })
  assert.equal(spa?.secretHash, null)
  assert.equal(spa?.introspect, false)
})

test('what is said of a client is what it is', () => {
  const said = { name: 'My app', grants: ['password'], scopes: ['a:b', '*'], introspect: false }
  const [app] = readConfiguredClients([{ id: 'app', secret, ...said }])
  assert.partialDeepStrictEqual(app, said)
  const [none] = readConfiguredClients([{ id: 'app', grants: [], scopes: [] }])
  assert.partialDeepStrictEqual(none, { grants: [], scopes: [] })
})

test('no list, or an empty one, is no client', () => {
  assert.deepEqual(readConfiguredClients(), [])
  assert.deepEqual(readConfiguredClients([]), [])
})

describe('an id', () => {
  for (const id of ['a', 'my-app', 'app.example/x', '%+"\\~!', 'A'.repeat(100)]) {
    test(`may be ${id.slice(0, 20)}`, () => assert.deepEqual(problemsOf([{ id }]), []))
  }
  for (const id of [
    '',
    'a b',
    'a:b',
    'é',
    'a\n',
    'a\0',
    '\x7f',
    'A'.repeat(101),
    undefined,
    null,
    1,
    ['a'],
  ]) {
    test(`is not ${JSON.stringify(id)?.slice(0, 20)}`, () => {
      assert.match(problemsOf([{ id }]).join('\n'), /^A client id must have 1 to 100 printable/)
    })
  }
  test('is never what the id of a user could be (AZ-05)', () => {
    for (const id of [randomUUID(), randomUUID().toUpperCase()]) {
      assert.match(problemsOf([{ id }]).join('\n'), /must not be a UUID/)
    }
  })
  test('may hold a UUID among other characters', () => {
    for (const id of [`app-${randomUUID()}`, `${randomUUID()}-app`]) {
      assert.deepEqual(problemsOf([{ id }]), [])
    }
  })
  test('is not that of the built-in client', () => {
    assert.match(problemsOf([{ id: 'first-party' }]).join('\n'), /is built in/)
  })
})

const cc = (rest: object): object => ({ grants: ['client_credentials'], ...rest })

describe('a mistake is told, with the client it is in:', () => {
  const rows: readonly (readonly [string, object, RegExp])[] = [
    ['an empty name', { name: '' }, /name of the client "app" must have 1 to 200/],
    ['a name with a line break', { name: 'a\nb' }, /name of the client "app"/],
    ['a long name', { name: 'x'.repeat(201) }, /name of the client "app"/],
    [
      'a grant that is not there',
      { grants: ['implicit'] },
      /grants of .* list of: password, refresh/,
    ],
    ['a grant that is no list', { grants: 'password' }, /grants of the client "app"/],
    ['a scope with a space', { scopes: ['a b'] }, /scopes of the client "app" must be a list/],
    ['a scope that is no list', { scopes: 'a' }, /scopes of the client "app" must be a list/],
    ['scopes that are null', { scopes: null }, /scopes of the client "app" must be a list/],
    ['too many scopes', { scopes: Array(100).fill('x'.repeat(50)) }, /more than 4096 characters/],
    ['a mistyped member', { scope: ['a'] }, /client "app" must have no members but: id, name/],
    ['introspect that is a text', { introspect: 'true' }, /"introspect" of the client "app"/],
    ['a public client that introspects', { introspect: true }, /must have a secret to introspect/],
    ['a public client with client_credentials', cc({}), /must have a secret for the grant/],
    ['client_credentials with every scope', cc({ secret, scopes: ['*'] }), /must name its scopes/],
    ['a secret that is a number', { secret: 1 }, /secret of the client "app" must be a text/],
    ['a secret that is null', { secret: null }, /secret of the client "app" must be a text/],
    ['a secret with a line break', { secret: `${secret}\n` }, /must be a text without control/],
    [
      'a short secret',
      { secret: 'canary' },
      /secret of the client "app" must have at least 32 bytes/,
    ],
    ['a sample secret', { secret: `change-me-canary-${secret}` }, /sample value/],
    ['a secret of one letter', { secret: 'x'.repeat(40) }, /too few characters/],
  ]
  for (const [name, client, expected] of rows) {
    test(name, () => {
      const problems = problemsOf([{ id: 'app', ...client }])
      assert.ok(
        problems.some((problem) => expected.test(problem)),
        problems.join('\n'),
      )
      for (const problem of problems) assert.match(problem, /^[A-Z"].*\.$/)
      assert.doesNotMatch(problems.join('\n'), /canary/)
    })
  }
})

test('what is no list of objects is told so', () => {
  for (const clients of ['x', {}, 1, null]) {
    assert.match(problemsOf(clients).join(), /must be a list/)
  }
  assert.match(problemsOf([null, 'x']).join('\n'), /^Client 1 of .*\nClient 2 of the list must be/)
})

test('every problem of every client is told at once, with those of the other options', async () => {
  const clients = [{ id: 'a', secret: 'short', grants: ['x'] }, { id: 'a' }, { id: 'b c' }]
  await assert.rejects(createTestAuth({ issuer: '', clients }), (error) => {
    assert.ok(error instanceof ConfigError)
    for (const expected of [
      /issuer must not be empty/,
      /grants of the client "a"/,
      /secret of the client "a" must have/,
      /"a" is there twice/,
      /A client id must have/,
    ]) {
      assert.equal(error.problems.filter((problem) => expected.test(problem)).length, 1)
    }
    return true
  })
})
