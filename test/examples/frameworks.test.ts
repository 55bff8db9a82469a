// The examples on other frameworks: the same application on each.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAuth } from '../../src/core/auth.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { logIn, requestToken, startExample, statusOf } from './process.ts'

const page = readFileSync(join(root, 'docs/frameworks.md'), 'utf8')

/** The address that each takes a login for, which comes by a proxy on this machine. */
const behindProxy = {
  hono: /127\.0\.0\.1|::1/,
  express: /203\.0\.113\.9/,
  'node-http': /127\.0\.0\.1/,
}

for (const [name, proxied] of Object.entries(behindProxy)) {
  test(`${name}: a login opens the routes that the role allows`, async (t) => {
    const { url, directory } = await startExample(t, `${name}/app.ts`)
    const auth = await createAuth({ store: sqlite(join(directory, 'app.db')) })
    t.after(() => auth.close())
    const { id } = await auth.users.create({ username: 'bob', password: goodPassword })
    const [alice, bob] = [await logIn(url, 'alice'), await logIn(url, 'bob')]

    assert.deepEqual(await statusOf(`${url}/me`), [401, 'Bearer'])
    const forged = { headers: { authorization: 'Bearer x.y.z' } }
    assert.deepEqual(await statusOf(`${url}/me`, forged), [401, 'Bearer error="invalid_token"'])
    const me = await fetch(`${url}/me`, { headers: bob })
    assert.deepEqual(await me.json(), { username: 'bob', role: 'member' })
    assert.deepEqual(await statusOf(`${url}/admin/stats`, { headers: bob }), [403, null])
    const stats = await fetch(`${url}/admin/stats`, { headers: alice })
    assert.equal((await stats.json()).total, 2)
    assert.deepEqual(await statusOf(`${url}/nowhere`), [404, null])

    const refused = await requestToken(url, 'bob', 'another password')
    assert.deepEqual([refused.status, (await refused.json()).error], [401, 'invalid_grant'])
    const [session] = await auth.sessions.list(id)
    assert.match(String(session?.address), /127\.0\.0\.1|::1/)
    const forwarded = { 'x-forwarded-for': '203.0.113.9' }
    const carol = await auth.users.create({ username: 'carol', password: goodPassword })
    await requestToken(url, 'carol', goodPassword, forwarded)
    const [other] = await auth.sessions.list(carol.id)
    assert.match(String(other?.address), proxied)
    const metadata = await fetch(`${url}/.well-known/oauth-authorization-server`)
    assert.match((await metadata.json()).token_endpoint, /\/auth\/token$/)

    const [, token = ''] = bob.authorization.split(' ')
    const body = new URLSearchParams({ token })
    assert.equal((await fetch(`${url}/auth/revoke`, { method: 'POST', body })).status, 200)
    assert.deepEqual(await statusOf(`${url}/me`, { headers: bob }), [
      401,
      'Bearer error="invalid_token"',
    ])
  })

  test(`${name}: the page of the frameworks shows the code that runs here`, () => {
    const code = readFileSync(join(root, `examples/${name}/app.ts`), 'utf8')
    assert.ok(page.includes(`\`\`\`ts\n${code}\`\`\`\n`), `docs/frameworks.md lacks:\n${code}`)
  })
}

for (const file of [
  'hono/app.ts',
  'express/app.ts',
  'node-http/app.ts',
  'nest/app.ts',
  'next/auth.ts',
]) {
  test(`${file}: has the maintenance, which no plugin does here`, () => {
    const code = readFileSync(join(root, 'examples', file), 'utf8')
    assert.match(code, /^ *void \w+\.maintain\(/m)
  })
}
