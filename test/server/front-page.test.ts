import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createAuth } from '../../src/core/auth.ts'
import { systemClock } from '../../src/core/clock.ts'
import { buildApp } from '../../src/server/app.ts'
import { createSetup } from '../../src/server/setup.ts'
import { version } from '../../src/server/version.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { goodPassword } from '../fixtures.ts'

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('the first page says to programs what runs here, and where to go on', async () => {
  const app = await buildApp({ auth: await createAuth({ store: memory() }) })
  const answer = await app.inject('/')
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers.vary, 'Accept')
  const { name, version: said, ...links } = answer.json()
  assert.deepEqual([name, said], ['Portcullis', version])
  const { token, ...pages } = links
  assert.equal((await app.inject({ method: 'POST', url: token })).statusCode, 400)
  for (const url of Object.values<string>(pages)) {
    const status = (await app.inject(url)).statusCode
    assert.ok(status === 200 || status === 302, url)
  }
  await app.close()
})

test('the first page for browsers allows its own style and no script', async () => {
  const app = await buildApp({ auth: await createAuth({ store: memory() }), docs: false })
  const { body, headers } = await app.inject({ url: '/', headers: browser })
  assert.match(String(headers['content-type']), /^text\/html/)
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(body) ?? []
  const digest = createHash('sha256').update(style).digest('base64')
  const policy = String(headers['content-security-policy'])
  assert.ok(policy.includes(`style-src 'sha256-${digest}'`))
  assert.match(policy, /default-src 'none'/)
  assert.doesNotMatch(policy, /script-src|unsafe/)
  assert.doesNotMatch(body, /<script|\/docs/)
  assert.match(body, /color-scheme: light dark/)
  assert.match(body, /curl http:\/\/localhost\/auth\/token/)
  await app.close()
})

test('the first page says that there are no users, while that is so, and never the code', async () => {
  const auth = await createAuth({ store: memory() })
  const setup = createSetup(systemClock)
  const app = await buildApp({ auth, setup })
  const before = await app.inject({ url: '/', headers: browser })
  assert.match(before.body, /There are no users yet/)
  assert.ok(!before.body.includes(setup.code))
  await auth.users.create({ username: 'alice', password: goodPassword, role: 'admin' })
  const after = await app.inject({ url: '/', headers: browser })
  assert.doesNotMatch(after.body, /no users/)
  await app.close()
})
