// What FastAPI's own tests ask of its security tutorials, and what they want answered. Those tests themselves
// run with `npm run fastapi-parity`.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { createTutorial, tutorials } from './fastapi-tutorials.ts'

const apps: Readonly<Record<string, FastifyInstance>> = Object.fromEntries(
  await Promise.all(
    Object.keys(tutorials).map(async (name) => [name, await createTutorial(name)] as const),
  ),
)

after(() => Promise.all(Object.values(apps).map((app) => app.close())))

const get = (app: FastifyInstance, url: string, authorization?: string) =>
  app.inject({ url, headers: authorization === undefined ? {} : { authorization } })

const login = (app: FastifyInstance, username: string, password: string, scope?: string) =>
  app.inject({
    method: 'POST',
    url: '/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ username, password, ...(scope && { scope }) }).toString(),
  })

function assertAnswer(
  answer: LightMyRequestResponse,
  status: number,
  body: unknown,
  challenge?: string,
): void {
  assert.equal(answer.statusCode, status)
  assert.deepEqual(answer.json(), body)
  assert.equal(answer.headers['www-authenticate'], challenge)
  assert.match(String(answer.headers['content-type']), /^application\/json(;|$)/)
}

const notAuthenticated = { detail: 'Not authenticated' }
const notValid = { detail: 'Could not validate credentials' }
const inactive = { detail: 'Inactive user' }

// Signed with the key of the tutorial: without `sub`, with `sub` foo, and with `sub` username:bob.
const tutorialTokens = [
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJkYXRhIjoiZm9vIn0.9ynBhuYb4e6aW3oJr_K_TBgwcMTDpRToQIE25L57rOE',
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJmb28ifQ.NnExK_dlNAYyzACrXtXDrcWOgGY2JuPbI4eDaHdfK5Y',
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1c2VybmFtZTpib2IifQ.HcfCW67Uda-0gz54ZWTqmtgJnZeNem0Q757eTa9EZuw',
]

for (const [name, app] of Object.entries(apps)) {
  const path = name === 'tutorial001' ? '/items' : '/users/me'
  describe(`as in FastAPI's ${name}`, () => {
    test('a request without a token, or of another scheme, is 401 with a bare challenge', async () => {
      for (const authorization of [undefined, 'Notexistent testtoken']) {
        assertAnswer(await get(app, path, authorization), 401, notAuthenticated, 'Bearer')
      }
    })
  })
}

describe("as in FastAPI's tutorials 001 and 002", () => {
  test('a guard of the application may take any token', async () => {
    const { tutorial001, tutorial002 } = apps as Record<string, FastifyInstance>
    assertAnswer(await get(tutorial001 as FastifyInstance, '/items', 'Bearer testtoken'), 200, {
      token: 'testtoken',
    })
    assertAnswer(await get(tutorial002 as FastifyInstance, '/users/me', 'Bearer testtoken'), 200, {
      username: 'testtokenfakedecoded',
      email: 'john@example.com',
      full_name: 'John Doe',
      disabled: null,
    })
  })
})

describe("as in FastAPI's tutorial 003", () => {
  const app = apps.tutorial003 as FastifyInstance

  test('a wrong password and an unknown name are 400 without a challenge', async () => {
    for (const [username, password] of [
      ['johndoe', 'incorrect'],
      ['foo', 'secret'],
    ] as const) {
      const body = { detail: 'Incorrect username or password' }
      assertAnswer(await login(app, username, password), 400, body)
    }
  })

  test('refusals of guards of the application have its own status', async () => {
    const nobody = await get(app, '/users/me', 'Bearer nonexistent')
    assertAnswer(nobody, 401, notAuthenticated, 'Bearer')
    assertAnswer(await get(app, '/users/me', 'Bearer alice'), 400, inactive)
    assert.equal((await get(app, '/users/me', 'Bearer johndoe')).json().username, 'johndoe')
  })
})

const me = {
  username: 'johndoe',
  full_name: 'John Doe',
  email: 'johndoe@example.com',
  disabled: false,
}

for (const [name, scopes, status, challenge, scopeChallenge] of [
  ['tutorial004', [undefined, undefined], 401, 'Bearer', 'Bearer'],
  ['tutorial005', ['me', 'me items'], 400, undefined, 'Bearer scope="me"'],
] as const) {
  const app = apps[name] as FastifyInstance
  const tokenOf = async (username: string, password: string, scope?: string): Promise<string> =>
    `Bearer ${(await login(app, username, password, scope)).json().access_token}`

  describe(`as in FastAPI's ${name}`, () => {
    test('a login yields a bearer token', async () => {
      const answer = await login(app, 'johndoe', 'secret')
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.json().token_type, 'bearer')
      assert.equal(typeof answer.json().access_token, 'string')
    })

    test(`a wrong password and an unknown name are ${status}`, async () => {
      const body = { detail: 'Incorrect username or password' }
      for (const [username, password] of [
        ['johndoe', 'incorrect'],
        ['foo', 'secret'],
      ] as const) {
        assertAnswer(await login(app, username, password), status, body, challenge)
      }
    })

    test('the user of a token is answered', async () => {
      const authorization = await tokenOf('johndoe', 'secret', scopes[0])
      assertAnswer(await get(app, '/users/me', authorization), 200, me)
    })

    test('a token that is not valid is 401, with the scope that the route needs', async () => {
      for (const token of ['nonexistent', ...tutorialTokens]) {
        const answer = await get(app, '/users/me', `Bearer ${token}`)
        assertAnswer(answer, 401, notValid, scopeChallenge)
      }
    })

    test('an inactive user is 400', async () => {
      const authorization = await tokenOf('alice', 'secretalice', scopes[0])
      assertAnswer(await get(app, '/users/me', authorization), 400, inactive)
    })

    test('a token with every scope reads the items', async () => {
      const authorization = await tokenOf('johndoe', 'secret', scopes[1])
      const items = [{ item_id: 'Foo', owner: 'johndoe' }]
      assertAnswer(await get(app, '/users/me/items/', authorization), 200, items)
    })
  })
}

describe("as in FastAPI's tutorial 005", () => {
  const app = apps.tutorial005 as FastifyInstance

  test('a login that asks for no scope has none', async () => {
    const { access_token, scope } = (await login(app, 'johndoe', 'secret')).json()
    assert.equal(scope, '')
    const body = { detail: 'Not enough permissions' }
    const answer = await get(app, '/users/me', `Bearer ${access_token}`)
    assertAnswer(answer, 401, body, 'Bearer scope="me"')
    assertAnswer(await get(app, '/status/', `Bearer ${access_token}`), 200, { status: 'ok' })
  })

  test('a route without scopes has a bare challenge', async () => {
    assertAnswer(await get(app, '/status/'), 401, notAuthenticated, 'Bearer')
    assertAnswer(await get(app, '/status/', 'Bearer nonexistent'), 401, notValid, 'Bearer')
  })
})
