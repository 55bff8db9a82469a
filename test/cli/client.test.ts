import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createInstallation, type Finished, rowsOf, run, serve } from './process.ts'

const password = 'seven quiet otters juggle'

type Environment = Readonly<Record<string, string>>

const commandIn =
  (directory: string) =>
  async (line: string, environment: Environment = {}): Promise<Finished> =>
    await run(directory, ['client', ...line.split(' ')], { environment })

test('clients are registered, listed, shown and removed from the command line', async () => {
  const command = commandIn(createInstallation())
  assert.deepEqual(rowsOf(await command('list')), [])

  const app = await command('add app --name App --scope stats:read users:read --grant password')
  assert.equal(app.code, 0)
  const api = await command('add api --no-grant')
  const spa = await command('add spa --public')
  assert.deepEqual(
    [spa.code, spa.stdout, spa.stderr],
    [0, 'Registered the public client spa.\n', ''],
  )
  assert.deepEqual(
    rowsOf(await command('list')).map((cells) => cells.join('\t')),
    [
      'api\tconfidential\tno grants\tall scopes\tnone\tin the database',
      'app\tconfidential\tpassword\tstats:read users:read\tnone\tin the database',
      'spa\tpublic\tpassword refresh_token\tall scopes\tnone\tin the database',
    ],
  )

  const list = JSON.parse((await command('list --json')).stdout)
  assert.deepEqual(
    list.map(({ id }: { id: string }) => id),
    ['api', 'app', 'spa'],
  )
  const { created_at, ...shown } = JSON.parse((await command('show app')).stdout)
  assert.ok(Number.isSafeInteger(created_at))
  assert.deepEqual(shown, {
    id: 'app',
    name: 'App',
    confidential: true,
    grants: ['password'],
    scopes: ['stats:read', 'users:read'],
    introspect: true,
    configured: false,
  })
  assert.deepEqual(list[1], { ...shown, created_at })

  assert.deepEqual(await command('remove spa'), {
    code: 0,
    stdout: 'Removed spa and ended 0 logins.\n',
    stderr: '',
  })
  assert.equal((await command('show spa')).code, 1)
  for (const { stdout } of [app, api]) {
    assert.equal(JSON.stringify(list).includes(stdout.trim().slice(4)), false)
  }
})

test('a secret is all that standard output holds, and is shown once', async () => {
  const directory = createInstallation()
  const command = commandIn(directory)
  const added = await command('add app')
  assert.match(added.stdout, /^pcs_[\w-]{43}\n$/)
  assert.match(added.stderr, /^Registered app\. Its secret, which is not shown again:$/m)
  assert.match(added.stderr, /must be registered from now on/, 'said with the first one')
  const second = await command('add app2 --no-introspect')
  assert.doesNotMatch(second.stderr, /from now on/)
  const replaced = await command('secret app')
  assert.match(replaced.stdout, /^pcs_[\w-]{43}\n$/)
  assert.notEqual(replaced.stdout, added.stdout)
  const data = join(directory, 'data')
  const stored = Buffer.concat(readdirSync(data).map((file) => readFileSync(join(data, file))))
  assert.ok(stored.includes('app2'))
  for (const { stdout } of [added, second, replaced]) {
    assert.equal(stored.includes(stdout.trim()), false)
  }
})

test('a scope that nothing here knows is registered, and said to be so', async () => {
  const { code, stderr } = await commandIn(createInstallation())('add app --scope stats:raed')
  assert.equal(code, 0)
  assert.match(stderr, /^Note: no role and no route here knows stats:raed\.$/m)
})

describe('what is refused says why, and exits with 1:', () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['add a:b', /^A client id must have 1 to 100/],
    ['add fixed', /^The client id is taken/],
    ['secret fixed', /is registered by configuration: change it there/],
    ['update nobody --name x', /^There is no such client/],
    ['update fixed --name x', /is registered by configuration: change it there/],
    ['remove nobody', /^There is no such client/],
    ['remove fixed', /is registered by configuration: change it there/],
    ['show nobody', /^There is no such client/],
  ]
  for (const [line, says] of rows) {
    test(line, async () => {
      const command = commandIn(createInstallation())
      const { code, stdout, stderr } = await command(line, { CLIENTS: '[{"id":"fixed"}]' })
      assert.equal(code, 1)
      assert.equal(stdout, '')
      assert.match(stderr, says)
    })
  }

  test('the secret of a public client', async () => {
    const command = commandIn(createInstallation())
    await command('add spa --public')
    const { code, stderr } = await command('secret spa')
    assert.equal(code, 1)
    assert.match(stderr, /^The client spa is public and has no secret: remove it and add it/)
  })
})

test('a client is changed by what is named, and the rest stays', async () => {
  const command = commandIn(createInstallation())
  await command('add app --scope a --grant password')
  const shown = async () => JSON.parse((await command('show app')).stdout)
  const before = await shown()

  const more = await command('update app --scope a stats:read --name App --no-introspect')
  assert.deepEqual([more.code, more.stdout], [0, 'Changed app.\n'])
  assert.match(more.stderr, /no role and no route here knows a\.$/m)
  const changed = { name: 'App', scopes: ['a', 'stats:read'], introspect: false }
  assert.deepEqual(await shown(), { ...before, ...changed })

  await command('update app --default-scopes --no-grant --introspect')
  const { scopes: _, ...rest } = { ...before, name: 'App', grants: [], introspect: true }
  assert.deepEqual(await shown(), rest)
})

test('a client of logins by browser is registered, shown and changed from the command line', async () => {
  const command = commandIn(createInstallation())
  const site = 'https://app.example.com'
  const web = await command(
    `add web --redirect-uri ${site}/callback http://127.0.0.1/callback --post-logout-redirect-uri ${site}/bye --first-party --auth-method client_secret_post --pkce optional --logo-uri ${site}/logo.svg --client-uri ${site} --policy-uri ${site}/policy --tos-uri ${site}/tos --backchannel-logout-uri ${site}/logout`,
  )
  assert.equal(web.code, 0, web.stderr)
  const shown = async () => JSON.parse((await command('show web')).stdout)
  const { created_at, ...first } = await shown()
  assert.deepEqual(first, {
    id: 'web',
    name: 'web',
    confidential: true,
    grants: ['authorization_code', 'refresh_token'],
    introspect: true,
    redirectUris: [`${site}/callback`, 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: [`${site}/bye`],
    firstParty: true,
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: 'optional',
    logoUri: `${site}/logo.svg`,
    clientUri: site,
    policyUri: `${site}/policy`,
    tosUri: `${site}/tos`,
    backchannelLogoutUri: `${site}/logout`,
    configured: false,
  })
  assert.deepEqual(rowsOf(await command('list')), [
    [
      'web',
      'confidential, first-party',
      'authorization_code refresh_token',
      'all scopes',
      `${site}/callback http://127.0.0.1/callback`,
      'in the database',
    ],
  ])

  const none =
    '--no-first-party --no-post-logout-redirect-uri --auth-method any --pkce required --no-logo-uri --no-client-uri --no-policy-uri --no-tos-uri --no-backchannel-logout-uri'
  const plain = await command(`update web --redirect-uri com.example.app:/callback ${none}`)
  assert.deepEqual([plain.code, plain.stdout, plain.stderr], [0, 'Changed web.\n', ''])
  const { id, name, confidential, grants, introspect, configured } = first
  assert.deepEqual(await shown(), {
    ...{ id, name, confidential, grants, introspect, configured, created_at },
    redirectUris: ['com.example.app:/callback'],
  })

  const unused = await command('update web --grant password')
  assert.match(unused.stderr, /^Note: web has redirect URIs and not the grant authorization_code/)
  assert.equal((await command('update web --no-redirect-uri')).stderr, '')
  assert.equal((await shown()).redirectUris, undefined)
})

test('a redirect URI that cannot be, and an optional challenge without a secret, say why', async () => {
  const command = commandIn(createInstallation())
  const wild = await command(
    'add app --public --redirect-uri https://*.example.com/ --pkce optional',
  )
  assert.equal(wild.code, 1)
  assert.match(wild.stderr, /The redirect URI no\. 1 of the client "app" must not have a wildcard/)
  assert.match(wild.stderr, /must have a secret for "pkce" to be optional/)
  assert.equal((await command('add app --auth-method any')).code, 64)
  assert.equal((await command('add app --pkce plain')).code, 64)
})

test('a change of nothing, or of one thing in two ways, is a wrong command line', async () => {
  const command = commandIn(createInstallation())
  const nothing = await command('update app')
  assert.deepEqual(
    [nothing.code, nothing.stderr],
    [64, 'Say what is to be changed: see client update --help.\n'],
  )
  assert.equal((await command('update app --scope a --default-scopes')).code, 64)
})

test('a grant that is not there is a wrong command line', async () => {
  const { code, stderr } = await commandIn(createInstallation())('add app --grant implicit')
  assert.equal(code, 64)
  assert.match(stderr, /Allowed choices are password, refresh_token/)
})

test('clients of a file are listed, and a mistake in it is told without its secrets', async () => {
  const directory = createInstallation()
  const file = join(directory, 'clients.json')
  const command = commandIn(directory)
  writeFileSync(file, '[{"id":"app","secret":"f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d"}]\n')
  assert.deepEqual(rowsOf(await command('list', { CLIENTS_FILE: file })), [
    ['app', 'confidential', 'password refresh_token', 'all scopes', 'none', 'in the configuration'],
  ])
  const web = '[{"id":"web","redirectUris":["http://localhost:5173/callback"],"firstParty":true}]'
  writeFileSync(file, web)
  assert.deepEqual(rowsOf(await command('list', { CLIENTS_FILE: file })), [
    [
      'web',
      'public, first-party',
      'authorization_code refresh_token',
      'all scopes',
      'http://localhost:5173/callback',
      'in the configuration',
    ],
  ])
  writeFileSync(file, '[{"id":"app","secret":"canary","scope":"a"}]')
  const { code, stderr } = await command('list', { CLIENTS_FILE: file })
  assert.equal(code, 78)
  assert.match(stderr, /must have at least 32 bytes/)
  assert.match(stderr, /must have no members but: id, name/)
  assert.doesNotMatch(stderr, /canary/)
})

test('a server that runs knows a client that is registered, changed and removed at once', async () => {
  const directory = createInstallation()
  await run(directory, ['user', 'add', 'alice', '--role', 'admin'], { input: password })
  const command = commandIn(directory)
  const server = await serve(directory)
  const send = async (path: string, fields: Record<string, string>) =>
    await fetch(`${server.url}${path}`, { method: 'POST', body: new URLSearchParams(fields) })
  const login = async (fields: Record<string, string>) =>
    await send('/auth/token', { username: 'alice', password, ...fields })
  const statusOfMe = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`${server.url}/me`, { headers })).status
  }
  try {
    assert.equal((await login({ client_id: 'any' })).status, 200)
    const client_secret = (await command('add app')).stdout.trim()
    assert.equal((await login({ client_id: 'any' })).status, 401)
    assert.equal((await login({ client_id: 'app' })).status, 401)
    assert.equal((await login({})).status, 200, 'the first-party client is still there')
    const good = { client_id: 'app', client_secret }
    const tokens = await (await login(good)).json()
    const introspect = async () =>
      await (await send('/auth/introspect', { ...good, token: tokens.access_token })).json()
    assert.equal((await introspect()).active, true)

    const replaced = (await command('secret app')).stdout.trim()
    assert.equal((await login(good)).status, 401)
    assert.equal((await login({ ...good, client_secret: replaced })).status, 200)
    assert.equal(await statusOfMe(tokens.access_token), 200, 'a new secret ends no login')

    const changed = await command('update app --scope stats:read')
    assert.equal(changed.stdout, 'Changed app and ended 2 logins.\n')
    assert.equal(await statusOfMe(tokens.access_token), 401)
    const narrow = await (await login({ ...good, client_secret: replaced })).json()
    assert.equal(narrow.scope, 'stats:read')

    assert.equal((await command('remove app')).stdout, 'Removed app and ended 1 login.\n')
    assert.equal(await statusOfMe(narrow.access_token), 401)
  } finally {
    await server.stop()
  }
})
