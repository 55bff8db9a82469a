import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import { toBrowserClientRecord } from '../../../src/core/clients/browser-client.ts'
import { ClientError, type ClientErrorCode, OAuthError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import type { Store } from '../../../src/core/store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock, goodPassword } from '../../fixtures.ts'

const configuredSecret = 'a:b%+é 7h2kq9mx04bt6wzr8sfd c=&~ 1pv'

let auth: Auth

beforeEach(async () => {
  auth = await createTestAuth()
})

const confidential = (id: string) => auth.clients.register({ id, confidential: true })
const open = (id: string) => auth.clients.register({ id, confidential: false })
const named = (clientId: string, clientSecret = '') =>
  auth.clients.authenticate({ clientId, clientSecret })

const isRefused = (error: unknown): boolean => {
  assert.ok(error instanceof OAuthError, String(error))
  assert.equal(error.code, 'invalid_client')
  assert.equal(error.message, 'The client could not be authenticated')
  return true
}

const hasCode = (code: ClientErrorCode) => (error: unknown) =>
  error instanceof ClientError && error.code === code

async function login(clientId: string) {
  const username = `user-${randomUUID()}`
  const { id } = await auth.users.create({ username, password: goodPassword })
  const user = await auth[internals].store.users.findById(id)
  assert.ok(user)
  const opened = await auth.sessions.open(user, { clientId, scopes: [] })
  assert.ok(opened)
  return opened
}

describe('while no client is registered', () => {
  test('every request is that of the built-in public client, whatever it names', async () => {
    for (const client of [
      await auth.clients.authenticate(null),
      await named('app'),
      await named('app', 'a secret'),
      await named('', 'a secret'),
      await named('a\0:é'),
    ]) {
      assert.equal(client.id, 'first-party')
      assert.equal(client.confidential, false)
      assert.deepEqual(client.grants, ['password', 'refresh_token'])
      assert.equal(client.scopes, null)
      assert.equal(client.introspect, false)
    }
  })

  test('none is confidential', async () => {
    for (const credentials of [null, { clientId: 'first-party', clientSecret: '' }]) {
      await assert.rejects(auth.clients.authenticateConfidential(credentials), isRefused)
    }
  })
})

describe('as soon as a client is registered', () => {
  test('a request that names none is still the built-in one, which may name itself', async () => {
    await confidential('app')
    assert.equal((await auth.clients.authenticate(null)).id, 'first-party')
    assert.equal((await named('first-party')).id, 'first-party')
    await assert.rejects(named('first-party', 'a secret'), isRefused)
  })

  test('its secret is what it authenticates with, to the letter (PC-11)', async () => {
    const secret = await confidential('app')
    assert.match(secret, /^pcs_[\w-]{43}$/)
    assert.equal((await named('app', secret)).id, 'app')
    for (const wrong of ['', 'x', secret.toUpperCase(), `${secret} `, secret.slice(0, -1)]) {
      await assert.rejects(named('app', wrong), isRefused)
    }
    await assert.rejects(named('APP', secret), isRefused)
  })

  test('a public client has no secret, and is refused with one (PC-11)', async () => {
    assert.equal(await open('spa'), null)
    assert.equal((await named('spa')).confidential, false)
    await assert.rejects(named('spa', 'x'), isRefused)
  })

  test('an unregistered client is refused, in the same words', async () => {
    await open('spa')
    for (const id of ['app', '', 'a b', 'a:b', 'sp\0a', 'spa\n', 'x'.repeat(5000), '__proto__']) {
      await assert.rejects(named(id), isRefused)
      await assert.rejects(named(id, 'x'), isRefused)
    }
  })

  test('what cannot be an id never reaches the store, which may not bear it', async () => {
    const store = memory()
    const asked: string[] = []
    const find = (id: string) => {
      asked.push(id)
      return store.clients.find(id)
    }
    auth = await createTestAuth({ store: { ...store, clients: { ...store.clients, find } } })
    for (const id of ['', 'a\0b', 'é', 'x'.repeat(101), 'app']) await named(id)
    assert.deepEqual(asked, ['app'])
  })

  test('a refusal tells the log why, without what was sent', async () => {
    await confidential('app')
    await open('spa')
    for (const [id, reason] of [
      ['app', /^wrong secret: app$/],
      ['spa', /^a public client has no secret: spa$/],
      ['zqxjk', /^no such client$/],
    ] as const) {
      await assert.rejects(named(id, 'zqxjk'), (error) => {
        assert.ok(error instanceof OAuthError && error.cause instanceof Error)
        assert.match(error.cause.message, reason)
        return true
      })
    }
  })

  test('another process on the same store knows it at once, and that it is gone too', async () => {
    const store = memory()
    const [here, there] = [await createTestAuth({ store }), await createTestAuth({ store })]
    const credentials = { clientId: 'other', clientSecret: '' }
    assert.equal((await there.clients.authenticate(credentials)).id, 'first-party')
    await here.clients.register({ id: 'app', confidential: true })
    await assert.rejects(there.clients.authenticate(credentials), isRefused)
    await here.clients.remove('app')
    assert.equal((await there.clients.authenticate(credentials)).id, 'first-party')
  })

  test('only a confidential one authenticates where that is needed', async () => {
    const clientSecret = await confidential('app')
    await open('spa')
    const client = await auth.clients.authenticateConfidential({ clientId: 'app', clientSecret })
    assert.equal(client.id, 'app')
    for (const credentials of [
      null,
      { clientId: 'app', clientSecret: 'x' },
      { clientId: 'spa', clientSecret: '' },
      { clientId: 'first-party', clientSecret: '' },
      { clientId: 'nobody', clientSecret },
    ]) {
      await assert.rejects(auth.clients.authenticateConfidential(credentials), isRefused)
    }
  })
})

describe('a registration', () => {
  test('keeps a digest of the secret, and shows neither afterwards (LA-04)', async () => {
    const secret = await confidential('app')
    const stored = JSON.stringify(await auth[internals].store.clients.list())
    assert.match(stored, /"secretHash":"[\w-]{43}"/)
    assert.equal(stored.includes(secret.slice(4)), false)
    const shown = [await auth.clients.find('app'), ...(await auth.clients.list())]
    for (const client of shown) assert.equal(Object.hasOwn(client ?? {}, 'secretHash'), false)
  })

  test('makes a new secret each time', async () => {
    assert.notEqual(await confidential('one'), await confidential('two'))
  })

  test('is refused with every reason', async () => {
    const scopes = ['a b']
    await assert.rejects(
      auth.clients.register({ id: randomUUID(), scopes, introspect: true, confidential: false }),
      (error) => hasCode('client_invalid')(error) && (error as ClientError).problems.length === 3,
    )
    assert.deepEqual(await auth.clients.list(), [])
  })

  test('takes an id once', async () => {
    await confidential('app')
    await assert.rejects(open('app'), hasCode('client_taken'))
  })

  test('is what the client is from then on', async () => {
    const clock = createTestClock()
    auth = await createTestAuth({ clock })
    const client = {
      id: 'app',
      name: 'My app',
      grants: ['password'],
      scopes: ['a'],
      introspect: false,
    }
    await auth.clients.register({ ...client, confidential: true })
    const found = await auth.clients.find('app')
    const others = { confidential: true, configured: false, createdAt: clock() }
    assert.deepEqual(found, { ...client, ...toBrowserClientRecord({}), ...others })
    assert.deepEqual(await auth.clients.list(), [found])
  })
})

describe('a secret that is replaced', () => {
  test('is refused at once, and the new one is good', async () => {
    const old = await confidential('app')
    const next = await auth.clients.replaceSecret('app')
    assert.match(next, /^pcs_[\w-]{43}$/)
    await assert.rejects(named('app', old), isRefused)
    assert.equal((await named('app', next)).id, 'app')
  })

  test('needs a confidential client that is registered in the store', async () => {
    await open('spa')
    await assert.rejects(auth.clients.replaceSecret('spa'), hasCode('client_public'))
    await assert.rejects(auth.clients.replaceSecret('nobody'), hasCode('client_unknown'))
    await assert.rejects(auth.clients.replaceSecret('first-party'), hasCode('client_configured'))
  })
})

describe('a client that is changed', () => {
  test('is as it is told from then on, and the rest stays (LA-01)', async () => {
    const secret = await auth.clients.register({ id: 'app', scopes: ['a'], confidential: true })
    const before = await auth.clients.find('app')
    const changes = { name: 'New', grants: ['password', 'refresh_token', 'client_credentials'] }
    assert.equal(await auth.clients.update('app', changes, { actor: 'cli:boss' }), 0)
    assert.deepEqual(await auth.clients.find('app'), { ...before, ...changes })
    assert.equal((await named('app', secret)).name, 'New')
    await auth.clients.update('app', { scopes: ['b', 'a', 'b'], introspect: false })
    assert.deepEqual((await auth.clients.find('app'))?.scopes, ['b', 'a'])

    const events = await auth.events.list({ type: 'client_updated', limit: 10 })
    assert.deepEqual(
      events.map(({ clientId, actor, details }) => [clientId, actor, details]),
      [
        ['app', undefined, { scopes: 'b a', introspect: false }],
        ['app', 'cli:boss', { name: 'New', grants: 'password refresh_token client_credentials' }],
      ],
    )
  })

  test('tells of no event when nothing is another way', async () => {
    await open('app')
    await auth.clients.update('app', { name: 'app', scopes: null, grants: undefined } as object)
    assert.deepEqual(await auth.events.list({ type: 'client_updated', limit: 1 }), [])
  })

  for (const [what, registered, changes] of [
    ['a scope', { scopes: ['a', 'b'] }, { scopes: ['a', 'c'] }],
    ['all scopes but some', {}, { scopes: ['a'] }],
    ['"*"', { scopes: ['*'] }, { scopes: ['a'] }],
    ['the password grant', {}, { grants: ['refresh_token'] }],
    ['the refresh grant', {}, { grants: ['password'] }],
  ] as const) {
    test(`ends every login with it when it loses ${what}, and nobody else's (AZ-06)`, async () => {
      await auth.clients.register({ id: 'app', ...registered, confidential: false })
      const theirs = [await login('app'), await login('app')]
      const others = await login('first-party')
      assert.equal(await auth.clients.update('app', changes), 2)
      for (const { refreshToken } of theirs) {
        assert.equal(await auth.sessions.inspect(refreshToken), null)
      }
      assert.ok(await auth.sessions.inspect(others.refreshToken))
    })
  }

  for (const [what, registered, changes] of [
    ['gets another name', {}, { name: 'New' }],
    ['may have more', { scopes: ['a'] }, { scopes: ['a', 'b'] }],
    ['may have all', { scopes: ['a'] }, { scopes: null }],
    ['may have "*"', { scopes: ['a'], grants: ['password'] }, { scopes: ['*'] }],
    ['may use another grant', { grants: ['password'] }, { grants: ['password', 'refresh_token'] }],
    ['may not act for itself any more', {}, { grants: ['password', 'refresh_token'] }],
  ] as const) {
    test(`keeps its logins when it ${what}`, async () => {
      const grants = ['password', 'refresh_token', 'client_credentials']
      await auth.clients.register({ id: 'app', grants, ...registered, confidential: true })
      const { refreshToken } = await login('app')
      assert.equal(await auth.clients.update('app', changes), 0)
      assert.ok(await auth.sessions.inspect(refreshToken))
    })
  }

  test('by two at once is what both say, and no login by the old list is left', async () => {
    const store = memory()
    auth = await createTestAuth({ store })
    await auth.clients.register({ id: 'app', scopes: ['a', 'b'], confidential: false })
    const elsewhere = await createTestAuth({ store })
    const { refreshToken } = await login('app')
    await Promise.all([
      auth.clients.update('app', { scopes: ['a'] }),
      elsewhere.clients.update('app', { name: 'New' }),
    ])
    const { name, scopes } = (await auth.clients.find('app')) ?? {}
    assert.deepEqual([name, scopes], ['New', ['a']])
    assert.equal(await auth.sessions.inspect(refreshToken), null)
  })

  test('loses the logins of between as well, and those that an interruption left', async () => {
    const store = memory()
    const { replace } = store.clients
    let meanwhile = ''
    let interrupted = true
    const clients: Store['clients'] = {
      ...store.clients,
      async replace(...change) {
        meanwhile = (await login('app')).refreshToken
        if (interrupted) throw new Error('interrupted')
        return await replace(...change)
      },
    }
    auth = await createTestAuth({ store: { ...store, clients } })
    await open('app')
    const { refreshToken } = await login('app')
    await assert.rejects(auth.clients.update('app', { scopes: [] }), /interrupted/)
    assert.equal(await auth.sessions.inspect(refreshToken), null)
    const left = meanwhile
    interrupted = false
    assert.equal(await auth.clients.update('app', { scopes: [] }), 2)
    for (const each of [left, meanwhile]) assert.equal(await auth.sessions.inspect(each), null)
  })

  test('stays a client that may be, which is registered in the store', async () => {
    await open('spa')
    await auth.clients.register({ id: 'all', scopes: ['*'], confidential: true })
    const grants = ['client_credentials']
    await assert.rejects(auth.clients.update('spa', { grants }), hasCode('client_invalid'))
    await assert.rejects(
      auth.clients.update('spa', { introspect: true }),
      hasCode('client_invalid'),
    )
    await assert.rejects(auth.clients.update('all', { grants }), hasCode('client_invalid'))
    await assert.rejects(auth.clients.update('nobody', {}), hasCode('client_unknown'))
    await assert.rejects(auth.clients.update('first-party', {}), hasCode('client_configured'))
    assert.deepEqual((await auth.clients.find('all'))?.grants, ['password', 'refresh_token'])
  })
})

describe('a client that is removed', () => {
  test('is unknown, and its sessions have ended, those of others have not', async () => {
    const secret = await confidential('app')
    await confidential('other')
    const theirs = [await login('app'), await login('app')]
    const others = [await login('other'), await login('first-party')]
    assert.equal(await auth.clients.remove('app'), 2)
    await assert.rejects(named('app', secret), isRefused)
    for (const { refreshToken } of theirs) {
      assert.equal(await auth.sessions.inspect(refreshToken), null)
    }
    for (const { refreshToken } of others) assert.ok(await auth.sessions.inspect(refreshToken))
    await assert.rejects(auth.clients.remove('app'), hasCode('client_unknown'))
  })

  test('does not come alive with another client of its id', async () => {
    await open('app')
    const { refreshToken } = await login('app')
    await auth.clients.remove('app')
    await open('app')
    await assert.rejects(auth.sessions.refresh(refreshToken, 'app'), { code: 'invalid_grant' })
  })

  test('whose removal was interrupted is removed by the next one', async () => {
    await open('app')
    const { refreshToken } = await login('app')
    await auth[internals].store.clients.remove('app')
    assert.equal(await auth.clients.remove('app'), 1)
    assert.equal(await auth.sessions.inspect(refreshToken), null)
  })

  test('is never the built-in one', async () => {
    const { refreshToken } = await login('first-party')
    await assert.rejects(auth.clients.remove('first-party'), hasCode('client_configured'))
    assert.ok(await auth.sessions.inspect(refreshToken))
  })
})

/** Registers, by a process without the configuration, a client of the id of a configured one. */
async function registeredBefore(store: Store): Promise<string> {
  const other = await createTestAuth({ store })
  return await other.clients.register({ id: 'app', confidential: true })
}

describe('clients of the configuration', () => {
  const clients = [
    { id: 'app', secret: configuredSecret },
    { id: 'spa', scopes: ['a'] },
  ]

  test('authenticate like others, and make naming an unknown one an error', async () => {
    auth = await createTestAuth({ clients })
    assert.equal((await named('app', configuredSecret)).configured, true)
    assert.deepEqual((await named('spa')).scopes, ['a'])
    await assert.rejects(named('app'), isRefused)
    await assert.rejects(named('app', `${configuredSecret}x`), isRefused)
    await assert.rejects(named('nobody'), isRefused)
    assert.equal((await auth.clients.authenticate(null)).id, 'first-party')
  })

  test('are enough as one to make naming an unknown one an error', async () => {
    auth = await createTestAuth({ clients: clients.slice(0, 1) })
    await assert.rejects(named('nobody'), isRefused)
  })

  test('come before stored ones of the same id', async () => {
    const store = memory()
    auth = await createTestAuth({ store })
    const secret = await confidential('spa')
    await confidential('stored')
    auth = await createTestAuth({ store, clients })
    assert.equal((await named('spa')).confidential, false)
    await assert.rejects(named('spa', secret), isRefused)
    // The tokens of the stored one are not those of the configured one, whose id is the same.
    const storedApp = { clientId: 'app', clientSecret: await registeredBefore(store) }
    const { stamp: old } = await (await createTestAuth({ store })).clients.authenticateConfidential(
      storedApp,
    )
    assert.equal(await auth.clients.findByStamp('app', old), null)
    const ours = { clientId: 'app', clientSecret: configuredSecret }
    const { stamp } = await auth.clients.authenticateConfidential(ours)
    assert.equal((await auth.clients.findByStamp('app', stamp))?.client.configured, true)
    const list = (await auth.clients.list()).map(({ id, configured }) => [id, configured])
    assert.deepEqual(list, [
      ['app', true],
      ['spa', true],
      ['stored', false],
    ])
  })

  test('cannot be changed here', async () => {
    auth = await createTestAuth({ clients })
    await assert.rejects(confidential('app'), hasCode('client_taken'))
    await assert.rejects(auth.clients.replaceSecret('app'), hasCode('client_configured'))
    await assert.rejects(auth.clients.remove('app'), hasCode('client_configured'))
    assert.equal(await auth[internals].store.clients.isEmpty(), true)
  })
})
