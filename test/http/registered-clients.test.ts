import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { decodeJwt } from 'jose'
import { UnavailableError } from '../../src/core/errors.ts'
import type { AuthEvent } from '../../src/core/events/event-store.ts'
import { internals } from '../../src/core/internals.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { goodPassword } from '../fixtures.ts'
import {
  assertError,
  basic,
  type Caller,
  clients,
  createTestClients,
  nobody,
  oddSecret,
  plainSecret,
  post,
  rawBasic,
  type TestClients,
  type Tokens,
} from './clients.ts'

let made: TestClients

beforeEach(async () => {
  made = await createTestClients()
})

const good = { username: 'editor', password: goodPassword }

describe('a login by a registered client is granted', () => {
  const rows: readonly (readonly [string, Caller, string])[] = [
    ['without a name, as the first-party one', nobody, 'first-party'],
    ['with the empty pair of Swagger UI', rawBasic(':'), 'first-party'],
    ['with empty fields', post('', ''), 'first-party'],
    ['under the name of the first-party one', post('first-party'), 'first-party'],
    ['with Basic (PC-13)', basic('app', plainSecret), 'app'],
    ['with the form (PC-13)', post('app', plainSecret), 'app'],
    [
      'with Basic and its id in the form',
      { ...basic('app', plainSecret), form: { client_id: 'app' } },
      'app',
    ],
    ['with Basic that encodes an odd secret (PC-12)', basic('odd', oddSecret), 'odd'],
    [
      'with Basic in form encoding (PC-12)',
      rawBasic(`odd:${new URLSearchParams({ a: oddSecret }).toString().slice(2)}`),
      'odd',
    ],
    ['with an odd secret in the form (PC-12)', post('odd', oddSecret), 'odd'],
    ['that is public, by its id', post('spa'), 'spa'],
    ['that is public, by Basic without a secret', basic('spa'), 'spa'],
    ['that is public, with an empty secret', post('spa', ''), 'spa'],
  ]
  for (const [name, caller, clientId] of rows) {
    test(name, async () => {
      const tokens = await made.login(caller)
      assert.equal(decodeJwt(tokens.access_token).client_id, clientId)
      const session = await made.auth.sessions.find(tokens.refresh_token)
      assert.equal(session?.clientId, clientId)
    })
  }
})

describe('a client is not authenticated', () => {
  const rows: readonly (readonly [string, Caller])[] = [
    ['without its secret (PC-11)', post('app')],
    ['without its secret in Basic (PC-11)', basic('app')],
    ['with a wrong secret (PC-13)', post('app', `${plainSecret}x`)],
    ['with a wrong secret in Basic (PC-13)', basic('app', `${plainSecret}x`)],
    ['with the secret of another one', basic('app', oddSecret)],
    ['that is public and sends a secret (PC-11)', post('spa', 'x')],
    ['that is public and sends a secret in Basic (PC-11)', basic('spa', 'x')],
    ['that is built in and sends a secret (PC-11)', basic('first-party', 'x')],
    ['that nobody knows', post('nobody')],
    ['that nobody knows, in Basic', basic('nobody', plainSecret)],
    ['with a secret and no id', post('', plainSecret)],
    ['with an id of another case', post('App', plainSecret)],
    ['with an id that no client can have', basic('a\0b:c', 'x')],
    ['whose Basic is not base64 (PC-12)', { authorization: 'Basic !!!!' }],
    ['whose Basic has no colon (PC-12)', rawBasic('app')],
    [
      'whose plus in Basic is not encoded (PC-12)',
      rawBasic('odd:a%3Ab%25+%C3%A9%20%26%3D%2F%3F~7h2kq9mx04bt6wzr8sfd'),
    ],
    ['whose percent in Basic is not encoded (PC-12)', rawBasic(`odd:${oddSecret}`)],
  ]
  for (const [name, caller] of rows) {
    test(name, async () => {
      assertError(await made.token(caller, good), 401, 'invalid_client')
      const { refresh_token } = await made.login(nobody)
      assertError(await made.refresh(caller, refresh_token), 401, 'invalid_client')
      assertError(await made.revoke(caller, { token: refresh_token }), 401, 'invalid_client')
      assertError(await made.introspect(caller, { token: refresh_token }), 401, 'invalid_client')
      assert.ok(await made.auth.sessions.inspect(refresh_token), 'which changed nothing')
    })
  }

  test('in one answer for every cause, before the user is looked at', async () => {
    const answers = await Promise.all(
      [post('app'), post('app', 'x'), post('nobody'), post('spa', 'x')].map(async (caller) => {
        const { refusal: _, ...answer } = await made.token(caller, { ...good, username: 'x' })
        return JSON.stringify(answer)
      }),
    )
    assert.equal(new Set(answers).size, 1)
  })
})

describe('both ways at once are malformed (PC-13)', () => {
  for (const [name, form] of [
    ['with the secret', { client_secret: plainSecret }],
    ['with id and secret', { client_id: 'app', client_secret: plainSecret }],
    ['with another id', { client_id: 'spa' }],
  ] as const) {
    test(name, async () => {
      const caller: Caller = { ...basic('app', plainSecret), form }
      assertError(await made.token(caller, good), 400, 'invalid_request')
      assertError(await made.revoke(caller, { token: 'x' }), 400, 'invalid_request')
      assertError(await made.introspect(caller, { token: 'x' }), 400, 'invalid_request')
    })
  }
})

describe('a grant', () => {
  const api = basic('api', plainSecret)

  test('that the client may not use is refused (PC-06, PC-16)', async () => {
    assertError(await made.token(api, good), 400, 'unauthorized_client')
    const answer = await made.refresh(api, 'x')
    assertError(answer, 400, 'unauthorized_client')
    assertError(await made.refresh(post('login'), 'x'), 400, 'unauthorized_client')
  })

  test('that the server does not know is unsupported for every client (PC-06)', async () => {
    for (const grant_type of ['authorization_code', 'implicit', 'constructor']) {
      assertError(await made.token(api, { ...good, grant_type }), 400, 'unsupported_grant_type')
    }
  })

  test('of a refresh is not prepared for a client that may not use it', async () => {
    const tokens = await made.login(post('login'))
    assert.deepEqual(Object.keys(tokens), ['access_token', 'token_type', 'expires_in', 'scope'])
    const { sid } = decodeJwt(tokens.access_token)
    await made.revoke(post('login'), { token: tokens.access_token })
    assert.notEqual((await made.auth[internals].store.sessions.find(String(sid)))?.revokedAt, null)
  })
})

describe('the scope is what was asked for, the client may have and the role grants (AZ-06)', () => {
  const reader = post('reader')
  const rows: readonly (readonly [string, string, string])[] = [
    ['admin', '', 'items:read stats:read'],
    ['admin', '*', 'items:read stats:read'],
    ['admin', 'stats:read items:write', 'stats:read'],
    ['editor', '', 'items:read'],
    ['editor', 'items:read items:write', 'items:read'],
    ['member', '', ''],
  ]
  for (const [username, asked, granted] of rows) {
    test(`of ${asked || 'nothing'}, ${username} grants ${granted || 'nothing'}`, async () => {
      const { scope, access_token } = await made.login(reader, username, asked)
      assert.equal(scope, granted)
      assert.equal(decodeJwt(access_token).scope, granted)
    })
  }

  test('and nothing of it is an error', async () => {
    for (const [username, scope] of [
      ['admin', 'items:write'],
      ['editor', 'stats:read'],
      ['member', 'items:read'],
    ] as const) {
      const answer = await made.token(reader, { ...good, username, scope })
      assertError(answer, 400, 'invalid_scope')
    }
  })

  test('on a refresh too, by what the client may have today', async () => {
    const store = memory()
    made = await createTestClients({ store })
    const { refresh_token } = await made.login(reader)
    const narrowed = clients.map((client) =>
      client.id === 'reader' ? { ...client, scopes: ['stats:read', 'items:write'] } : client,
    )
    const { id } = (await made.auth.users.findByUsername('admin')) ?? { id: '' }
    const later = await createTestClientsOn(store, narrowed)
    const refreshed = (await later.refresh(reader, refresh_token)).body as Tokens
    assert.equal(refreshed.scope, 'stats:read')
    assert.equal(decodeJwt(refreshed.access_token).sub, id)
  })
})

describe('a refresh token is bound to its client (SR-02)', () => {
  const strangers: readonly (readonly [string, Caller])[] = [
    ['a public one', post('spa')],
    ['a confidential one', basic('odd', oddSecret)],
    ['the first-party one', nobody],
  ]
  for (const [name, stranger] of strangers) {
    test(`presented by ${name} it is refused, told as an event, and stays good`, async () => {
      const heard: AuthEvent[] = []
      const app = basic('app', plainSecret)
      const { refresh_token } = await made.login(app, 'editor')
      made.auth.events.subscribe((event) => heard.push(event))
      assertError(await made.refresh(stranger, refresh_token), 400, 'invalid_grant')
      const wide = { grant_type: 'refresh_token', refresh_token, scope: 'stats:read' }
      assertError(await made.token(stranger, wide), 400, 'invalid_grant')
      assert.deepEqual(
        heard.map(({ type }) => type),
        ['authn_token_wrong_client', 'authn_token_wrong_client'],
      )
      assert.doesNotMatch(JSON.stringify(heard), /prt_/)
      assert.equal((await made.refresh(app, refresh_token)).status, 200)
    })
  }
})

describe('a client ends', () => {
  const own = basic('app', plainSecret)

  test('its own session by either token, again without an error (RI-01, RI-04)', async () => {
    for (const caller of [own, post('spa'), nobody]) {
      for (const kind of ['access_token', 'refresh_token'] as const) {
        const tokens = await made.login(caller)
        for (const time of ['first', 'second']) {
          const { status, body } = await made.revoke(caller, { token: tokens[kind] })
          assert.deepEqual([status, body], [200, {}], time)
        }
        assert.equal(await made.auth.sessions.inspect(tokens.refresh_token), null)
      }
    }
  })

  test("no other client's, of which it is told if it is confidential (RI-01)", async () => {
    for (const kind of ['access_token', 'refresh_token'] as const) {
      for (const owner of [post('spa'), nobody]) {
        const tokens = await made.login(owner)
        assertError(await made.revoke(own, { token: tokens[kind] }), 400, 'invalid_grant')
        assert.ok(await made.auth.sessions.inspect(tokens.refresh_token))
      }
    }
  })

  test("no other client's, of which it is not told if it is public (RI-01)", async () => {
    for (const kind of ['access_token', 'refresh_token'] as const) {
      for (const stranger of [post('spa'), nobody]) {
        const tokens = await made.login(own)
        const { status, body } = await made.revoke(stranger, { token: tokens[kind] })
        assert.deepEqual([status, body], [200, {}])
        assert.ok(await made.auth.sessions.inspect(tokens.refresh_token))
      }
    }
  })

  test("and its try at another client's is an event", async () => {
    const heard: AuthEvent[] = []
    const { refresh_token, access_token } = await made.login(own)
    made.auth.events.subscribe((event) => heard.push(event))
    await made.revoke(post('spa'), { token: refresh_token })
    await made.revoke(nobody, { token: access_token })
    assert.deepEqual(
      heard.map(({ type, clientId }) => [type, clientId]),
      [
        ['authn_token_wrong_client', 'spa'],
        ['authn_token_wrong_client', 'first-party'],
      ],
    )
  })

  test('nothing by what is no token, and that is 200 for every client (RI-01)', async () => {
    const { access_token } = await made.login(own)
    made.clock.advance(1000)
    for (const token of ['garbage', 'a.b.c', 'prt_x', access_token]) {
      for (const caller of [own, post('spa'), nobody]) {
        assert.equal((await made.revoke(caller, { token, token_type_hint: 'x' })).status, 200)
      }
    }
    assertError(await made.revoke(own, {}), 400, 'invalid_request')
  })

  test('nothing while the database is down: 503, and not 200 (RI-04)', async () => {
    const store = memory()
    const down = () => Promise.reject(new UnavailableError('The database is down', 2))
    const broken = { ...store, sessions: { ...store.sessions, revoke: down } }
    made = await createTestClients({ store: broken })
    const { refresh_token } = await made.login(own)
    const { status, headers } = await made.revoke(own, { token: refresh_token })
    assert.deepEqual([status, headers['retry-after']], [503, '2'])
  })
})

async function createTestClientsOn(
  store: ReturnType<typeof memory>,
  configured: typeof clients,
): Promise<TestClients> {
  const users = { ...store.users, create: async () => {} }
  return await createTestClients({ store: { ...store, users }, clients: configured })
}

test('a wrong password is 400 to a client that has shown its secret, and 401 to all others', async () => {
  const wrong = { username: 'editor', password: 'wrong' }
  for (const [caller, status, challenge] of [
    [basic('app', plainSecret), 400, undefined],
    [post('app', plainSecret), 400, undefined],
    [post('spa'), 401, 'Bearer'],
    [nobody, 401, 'Bearer'],
  ] as const) {
    const answer = await made.token(caller, wrong)
    assert.equal(answer.status, status)
    assert.equal(answer.headers['www-authenticate'], challenge)
    assert.equal(Reflect.get(answer.body, 'error'), 'invalid_grant')
  }
})
