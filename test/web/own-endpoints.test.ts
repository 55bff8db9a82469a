// What users do with their own account, as every framework mounts it: the same answers.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { AccountOptions } from '../../src/core/accounts/account-options.ts'
import { ConfigError } from '../../src/core/errors.ts'
import type { EndpointOptions } from '../../src/http/endpoints/mount.ts'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'
import { oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { goodPassword } from '../fixtures.ts'
import { type Ask, mountEverywhere, ofApplication } from './every-framework.ts'

const frameworks = ['fastify', 'express', 'node', 'hono', 'web'] as const

interface Site {
  readonly auth: TestAuth
  ask(method: string, path: string, body?: object | string, token?: string): Promise<Response>
  login(): Promise<string>
}

async function open(
  t: TestContext,
  framework: string,
  accounts: AccountOptions = { deletion: true },
  options: EndpointOptions = {},
): Promise<Site> {
  const auth = await createTestAuth({ accounts, apiKeys: true })
  const { asks, close } = await mountEverywhere(auth, options)
  t.after(async () => {
    await close()
    await auth.close()
  })
  const email = { email: 'alice@example.com', emailVerified: true }
  await auth.users.create({ username: 'alice', password: goodPassword, ...email })
  const send = asks[framework] as Ask
  return {
    auth,
    ask: (method, path, body, token) =>
      send(path, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async login() {
      const body = new URLSearchParams({ username: 'alice', password: goodPassword })
      const answer = await send(`${options.prefix ?? ''}/auth/token`, { method: 'POST', body })
      return ((await answer.json()) as { access_token: string }).access_token
    },
  }
}

/** Status, type and text, without what differs from one user to the next. */
async function shown(answer: Response): Promise<readonly unknown[]> {
  const text = await answer.text()
  return [
    answer.status,
    answer.headers.get('content-type')?.split(';')[0],
    answer.headers.get('cache-control'),
    answer.headers.get('www-authenticate'),
    text
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
      // A handler of web requests knows no socket and no request id.
      .replace(/,"(label|address|request_id)":"[^"]*"/g, ''),
  ]
}

/** What each framework answered to the same requests. */
async function everywhere(
  t: TestContext,
  run: (site: Site) => Promise<readonly Response[]>,
): Promise<readonly (readonly unknown[])[]> {
  const all = await Promise.all(
    frameworks.map(async (framework) => {
      const answers = await run(await open(t, framework))
      return await Promise.all(answers.map(shown))
    }),
  )
  for (const [index, answers] of all.entries()) {
    assert.deepEqual(answers, all[0], String(frameworks[index]))
  }
  return all[0] ?? []
}

test('an address is changed, confirmed and removed in every framework', async (t) => {
  const answers = await everywhere(t, async ({ auth, ask, login }) => {
    const token = await login()
    const asked = await ask('PUT', '/me/email', { email: 'new@example.org' }, token)
    const again = await ask('POST', '/me/email/verification', undefined, token)
    await auth.sendMails()
    const wrong = await ask('POST', '/me/email/confirm', { code: 'nothing' }, token)
    const code = auth.mailbox.mails.find((mail) => mail.code !== null)?.code
    const right = await ask('POST', '/me/email/confirm', { code }, token)
    const removed = await ask('DELETE', '/me/email', undefined, token)
    assert.equal((await auth.users.findByUsername('alice'))?.email, null)
    return [asked, again, wrong, right, removed]
  })
  assert.deepEqual(
    answers.map(([status]) => status),
    [202, 202, 422, 200, 204],
  )
  assert.match(String(answers[3]?.at(-1)), /"email":"new@example.org","email_verified":true/)
  assert.deepEqual(answers[4]?.at(-1), '')
})

test('an account is exported, deleted, and kept by a login, in every framework (AC-117)', async (t) => {
  const answers = await everywhere(t, async ({ auth, ask, login }) => {
    const token = await login()
    const taken = await ask('GET', '/me/export', undefined, token)
    const left = await ask('DELETE', '/me', undefined, token)
    const over = await ask('GET', '/me/export', undefined, token)
    await login()
    auth.clock.advance(30 * 86_400)
    assert.equal(await auth.accounts.deletion?.prune(), 0)
    await ask('DELETE', '/me', undefined, await login())
    auth.clock.advance(30 * 86_400)
    assert.equal(await auth.accounts.deletion?.prune(), 1)
    return [taken, left, over]
  })
  assert.deepEqual(
    answers.map(([status]) => status),
    [200, 202, 401],
  )
  assert.match(String(answers[0]?.at(-1)), /^\{"user":\{.*"sessions":\[\{.*"events":\[\{/)
  assert.match(String(answers[1]?.at(-1)), /^\{"delete_at":\d+\}$/)
})

test('every framework refuses the same, and asks before it reads', async (t) => {
  const answers = await everywhere(t, async ({ auth, ask, login }) => {
    const token = await login()
    const large = JSON.stringify({ email: 'x'.repeat(17 * 1024) })
    const refused = [
      await ask('PUT', '/me/email', large),
      await ask('DELETE', '/me', undefined, 'nothing'),
      await ask('PUT', '/me/email', {}, token),
      await ask('PUT', '/me/email', { email: 1 }, token),
      await ask('PUT', '/me/email', '{', token),
      await ask('PUT', '/me/email', undefined, token),
      await ask('PUT', '/me/email', large, token),
    ]
    auth.clock.advance(301)
    const old = [
      await ask('PUT', '/me/email', { email: 'new@example.org' }, token),
      await ask('DELETE', '/me/email', undefined, token),
      await ask('DELETE', '/me', undefined, token),
    ]
    return [...refused, ...old]
  })
  assert.deepEqual(
    answers.map(([status]) => status),
    [401, 401, 400, 400, 400, 415, 413, 401, 401, 401],
  )
  for (const [, , , challenge] of answers.slice(-3)) {
    assert.match(String(challenge), /insufficient_user_authentication/)
  }
})

for (const framework of frameworks) {
  test(`other methods are left to the application: ${framework}`, async (t) => {
    const { ask } = await open(t, framework)
    assert.equal(await (await ask('GET', '/me')).text(), ofApplication)
    for (const [method, path] of [
      ['PUT', '/me'],
      ['GET', '/me/email'],
      ['PUT', '/me/email/confirm'],
    ] as const) {
      assert.equal((await ask(method, path)).status, 404, `${method} ${path}`)
    }
  })

  test(`what is not switched on is not there: ${framework}`, async (t) => {
    for (const [accounts, options] of [
      [{ emailChange: false }, {}],
      [{ deletion: true }, { mePath: false }],
    ] as const) {
      const { ask } = await open(t, framework, accounts, options)
      for (const [method, path] of [
        ['PUT', '/me/email'],
        ['DELETE', '/me/email'],
        ['POST', '/me/email/confirm'],
        ['POST', '/me/email/verification'],
        ['DELETE', '/me'],
        ['GET', '/me/export'],
      ] as const) {
        assert.equal((await ask(method, path)).status, 404, `${method} ${path}`)
      }
    }
  })

  test(`the path is chosen, below the prefix: ${framework}`, async (t) => {
    const options = { prefix: '/api', mePath: '/account/own' }
    const { ask, login } = await open(t, framework, { deletion: true }, options)
    const token = await login()
    const taken = await ask('GET', '/api/account/own/export', undefined, token)
    assert.equal(taken.status, 200)
    await taken.body?.cancel()
    assert.equal((await ask('DELETE', '/api/account/own', undefined, token)).status, 202)
    assert.equal((await ask('DELETE', '/api/me', undefined, token)).status, 404)
  })
}

test('a path that is none, and one that an OAuth endpoint has, are refused', async (t) => {
  const auth = await createTestAuth({ accounts: { deletion: true } })
  t.after(() => auth.close())
  for (const options of [
    { mePath: 'me' },
    { mePath: '/me/' },
    { mePath: true as never },
    { tokenPath: '/me/email' },
    { mePath: '/own', revocationPath: '/own/export' },
  ]) {
    assert.throws(() => oauthEndpoints(auth, options), ConfigError, JSON.stringify(options))
  }
  oauthEndpoints(auth, { mePath: false, tokenPath: '/me' })
})

test('an API key is made, listed, used and ended, in every framework (AC-114)', async (t) => {
  const answers = await everywhere(t, async ({ auth, ask, login }) => {
    const token = await login()
    const made = await ask('POST', '/me/keys', { name: 'key', scope: '' }, token)
    const { key, id } = (await made.clone().json()) as Record<'key' | 'id', string>
    const list = await ask('GET', '/me/keys', undefined, token)
    const byKey = await ask('POST', '/me/keys', { name: 'another', scope: '' }, key)
    const wrong = await ask('DELETE', '/me/keys/%ff', undefined, token)
    const unknown = await ask('DELETE', '/me/keys/a%2fb', undefined, token)
    const slash = await ask('DELETE', `/me/keys/${id}/`, undefined, token)
    const over = await ask('DELETE', '/me/keys', undefined, key)
    await ask('POST', '/me/keys', { name: 'key', scope: '' }, token)
    const all = await ask('DELETE', '/me/keys', undefined, token)
    const user = await auth.users.findByUsername('alice')
    assert.deepEqual(await auth.apiKeys?.list(user?.id ?? ''), [])
    const text = (await made.text()).replace(key, 'key')
    // What is no URL is answered by the framework.
    assert.ok([400, 404].includes(wrong.status))
    return [new Response(text, made), byKey, list, unknown, slash, over, all]
  })
  assert.deepEqual(
    answers.map(([status]) => status),
    [201, 403, 200, 404, 204, 401, 204],
  )
})
