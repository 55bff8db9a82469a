import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { decodeJwt, SignJWT } from 'jose'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { internals } from '../../../src/core/internals.ts'
import { tokenStampOf } from '../../../src/core/users/security-stamp.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'
import {
  assertError,
  basic,
  createTestClients,
  nobody,
  oddSecret,
  plainSecret,
  post,
  type TestClients,
  type Tokens,
} from '../clients.ts'

const api = basic('api', plainSecret)
const odd = basic('odd', oddSecret)

let made: TestClients

beforeEach(async () => {
  made = await createTestClients()
})

async function ask(token: string, caller = api): Promise<Record<string, unknown>> {
  const { status, headers, body } = await made.introspect(caller, { token })
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(headers, { 'cache-control': 'no-store', pragma: 'no-cache' })
  return body as unknown as Record<string, unknown>
}

async function idOf(username: string): Promise<string> {
  return (await made.auth.users.findByUsername(username))?.id ?? ''
}

describe('an access token that is good', () => {
  test('is active, with what it says and what it may do today (RFC 7662 §2.2)', async () => {
    const { access_token } = await made.login(post('spa'), 'editor')
    const { jti, sid, iat, exp } = decodeJwt(access_token)
    const state = await ask(access_token)
    assert.deepEqual(state, {
      active: true,
      scope: 'items:read items:write',
      client_id: 'spa',
      username: 'editor',
      token_type: 'bearer',
      exp,
      iat,
      sub: await idOf('editor'),
      aud: made.auth.audience,
      iss: made.auth.issuer,
      jti,
      sid,
      roles: ['editor'],
    })
  })

  test('is active whichever client it is for, and whatever the hint says', async () => {
    for (const caller of [nobody, odd, basic('app', plainSecret)]) {
      const { access_token: token } = await made.login(caller)
      assert.equal((await ask(token)).active, true)
      const { body } = await made.introspect(api, { token, token_type_hint: 'refresh_token' })
      assert.partialDeepStrictEqual(body, { active: true })
    }
  })

  test('without a session is active until the user gets a new stamp', async () => {
    const token = (await createAccessToken(made.auth, await idOf('editor'))) ?? ''
    const state = await ask(token)
    assert.equal(state.active, true)
    assert.equal('sid' in state, false)
    await made.auth.users.endSessions(await idOf('editor'))
    assert.deepEqual(await ask(token), { active: false })
  })

  test('has the scope that the role grants today, and the role of today', async () => {
    const { access_token } = await made.login(nobody, 'editor')
    await made.auth.users.changeRole(await idOf('editor'), 'member')
    const demoted = await ask(access_token)
    assert.deepEqual([demoted.active, demoted.scope, demoted.roles], [true, '', ['member']])
    await made.auth.users.changeRole(await idOf('editor'), 'admin')
    assert.equal((await ask(access_token)).scope, 'items:read items:write')
  })

  test('has the scope that its client may have today', async () => {
    const store = memory()
    made = await createTestClients({ store })
    const { auth } = made
    await auth.clients.register({ id: 'narrow', confidential: false })
    const { access_token } = await made.login(post('narrow'), 'editor')
    await store.clients.remove('narrow')
    await auth.clients.register({ id: 'narrow', scopes: ['items:read'], confidential: false })
    assert.equal((await ask(access_token)).scope, 'items:read')
  })
})

describe('a refresh token', () => {
  test('that is good is active for its own client, with when it expires', async () => {
    const { refresh_token, access_token } = await made.login(odd, 'editor')
    assert.deepEqual(await ask(refresh_token, odd), {
      active: true,
      scope: 'items:read items:write',
      client_id: 'odd',
      username: 'editor',
      exp: made.clock() + 14 * 86400,
      iat: made.clock(),
      sub: await idOf('editor'),
      iss: made.auth.issuer,
      sid: decodeJwt(access_token).sid,
    })
    assert.equal((await made.refresh(odd, refresh_token)).status, 200, 'and is not used by it')
  })
})

describe('a token that is not active is nothing but that (RI-05, RI-07, CVE-2026-8922):', () => {
  type Case = (tokens: Tokens) => Promise<string> | string
  const refreshed: Case = async ({ refresh_token }) => {
    assert.equal((await made.refresh(odd, refresh_token)).status, 200)
    return refresh_token
  }
  const after =
    (kind: 'access_token' | 'refresh_token', happen: () => unknown): Case =>
    async (tokens) => {
      await happen()
      return tokens[kind]
    }
  const admin = () => idOf('admin')
  const forged = ({ access_token }: Tokens): string =>
    access_token.replace(/[^.]+$/, (mac) => mac.replace(/^./, (sign) => (sign === 'A' ? 'B' : 'A')))
  const elsewhere =
    (changes: object): Case =>
    async () => {
      const { id } = (await made.auth.users.findByUsername('admin')) ?? { id: '' }
      const secretKey = plainSecret
      const other = await createTestAuth({ secretKey, clock: made.clock, ...changes })
      const subject = { subject: id, clientId: 'odd', scopes: [], role: 'admin' }
      const endsWith = { userStamp: tokenStampOf((await stampOf(id)) ?? '') }
      return (await other[internals].accessTokens.issue({ ...subject, endsWith })).token
    }
  const stampOf = async (id: string) =>
    (await made.auth[internals].store.users.findById(id))?.securityStamp

  const cases: Readonly<Record<string, Case>> = {
    garbage: () => 'garbage',
    'three words': () => 'a.b.c',
    'text of another language': () => 'é\0\r\n"',
    'an access token with another signature': forged,
    'an access token without one': ({ access_token }) => access_token.replace(/[^.]+$/, ''),
    'an access token of another issuer': elsewhere({ issuer: 'https://other.example' }),
    'an access token of another audience (RI-06)': elsewhere({ audience: 'other' }),
    'an access token of another key': elsewhere({ secretKey: `${oddSecret}${plainSecret}` }),
    'a token of another type': async ({ access_token }) => {
      const { current } = made.auth[internals].keys
      return await new SignJWT(decodeJwt(access_token))
        .setProtectedHeader({ alg: current.algorithm, typ: 'JWT', kid: current.id })
        .sign(current.signWith)
    },
    'an access token at its end': after('access_token', () => made.clock.advance(900)),
    'an access token of an ended session': async ({ access_token, refresh_token }) => {
      await made.revoke(odd, { token: refresh_token })
      return access_token
    },
    'an access token of a reused refresh token (SR-06)': async (tokens) => {
      const next = (await made.refresh(odd, tokens.refresh_token)).body as Tokens
      await made.refresh(odd, next.refresh_token)
      assertError(await made.refresh(odd, tokens.refresh_token), 400, 'invalid_grant')
      return tokens.access_token
    },
    'an access token of an inactive user': after('access_token', async () => {
      await made.auth.users.create({ username: 'root', password: goodPassword, role: 'admin' })
      await made.auth.users.deactivate(await admin())
    }),
    'an access token that an inactive user got': async () => {
      await made.auth.users.deactivate(await idOf('member'))
      return (await made.login(odd, 'member')).access_token
    },
    'an access token of a deleted user': async () => {
      const { access_token } = await made.login(odd, 'member')
      await made.auth.users.remove(await idOf('member'))
      return access_token
    },
    'an access token from before a new password': after('access_token', async () =>
      made.auth.users.setPassword(await admin(), `${goodPassword}!`),
    ),
    'an access token of a client that is not registered': async () => {
      await made.auth.clients.register({ id: 'gone', confidential: false })
      const { access_token } = await made.login(post('gone'))
      await made.auth[internals].store.clients.remove('gone')
      return access_token
    },
    'an access token of a removed client': async () => {
      await made.auth.clients.register({ id: 'gone', confidential: false })
      const { access_token } = await made.login(post('gone'))
      await made.auth.clients.remove('gone')
      await made.auth.clients.register({ id: 'gone', confidential: false })
      return access_token
    },
    'a refresh token that is used': refreshed,
    'a refresh token with another MAC': ({ refresh_token }) => `${refresh_token.slice(0, -3)}AAA`,
    'a refresh token of an ended session': async ({ access_token, refresh_token }) => {
      await made.revoke(odd, { token: access_token })
      return refresh_token
    },
    'a refresh token of an idle session': after('refresh_token', () =>
      made.clock.advance(14 * 86400),
    ),
    'a refresh token of a user who logged out everywhere': after('refresh_token', async () =>
      made.auth.users.endSessions(await admin()),
    ),
    "another client's refresh token": async () => (await made.login(post('spa'))).refresh_token,
    'a refresh token of the first-party client': async () =>
      (await made.login(nobody)).refresh_token,
  }
  for (const [name, make] of Object.entries(cases)) {
    test(name, async () => {
      made = await createTestClients({ secretKey: plainSecret })
      const tokens = await made.login(odd)
      for (const kind of ['access_token', 'refresh_token'] as const) {
        assert.equal((await ask(tokens[kind], odd)).active, true, 'before it happened')
      }
      const token = await make(tokens)
      assert.deepEqual(await ask(token, odd), { active: false })
    })
  }

  test('the same happens without a change, so that each case is its own reason', async () => {
    made = await createTestClients({ secretKey: plainSecret })
    const token = await elsewhere({})(await made.login(odd))
    assert.equal((await ask(token, odd)).active, true)
  })
})

describe('who may ask (RFC 7662 §2.1)', () => {
  test('is a registered confidential client alone', async () => {
    const { access_token: token } = await made.login(nobody)
    for (const caller of [
      nobody,
      post('spa'),
      post('first-party'),
      basic('api', 'x'),
      post('api'),
    ]) {
      assertError(await made.introspect(caller, { token }), 401, 'invalid_client')
    }
    assert.equal((await made.introspect(post('api', plainSecret), { token })).status, 200)
  })

  test('is nobody while no client is registered, whatever a request names', async () => {
    made = await createTestClients({ clients: [] })
    const { access_token: token } = await made.login(basic('app', plainSecret))
    for (const caller of [nobody, basic('app', plainSecret)]) {
      assertError(await made.introspect(caller, { token }), 401, 'invalid_client')
    }
  })

  test('is no client that was registered without that right', async () => {
    const app = basic('app', plainSecret)
    const { access_token: token } = await made.login(app)
    assertError(await made.introspect(app, { token }), 400, 'unauthorized_client')
  })

  test('asks of one token', async () => {
    assertError(await made.introspect(api, {}), 400, 'invalid_request')
    assertError(await made.introspect(api, { token: '' }), 400, 'invalid_request')
  })
})
