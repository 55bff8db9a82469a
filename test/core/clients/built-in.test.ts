import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import Fastify from 'fastify'
import type { Auth } from '../../../src/core/auth.ts'
import { browserClientId, docsClientId } from '../../../src/core/clients/registration.ts'
import { ClientError, OAuthError } from '../../../src/core/errors.ts'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { createTestAuth } from '../../fixtures.ts'
import { createRelyingParty } from '../../http/authorization/relying-party.ts'

const issuer = 'https://auth.example.com/t1'

const isRefused = (error: unknown): boolean =>
  error instanceof OAuthError && error.code === 'invalid_client'

describe('where people log in by browser', () => {
  let auth: Auth
  beforeEach(async () => {
    auth = (await createRelyingParty({ issuer, clients: [] })).auth
  })

  const named = (clientId: string, clientSecret = '') =>
    auth.clients.authenticate({ clientId, clientSecret, method: 'none' })

  test('the page of the API is a public client of its own, which comes back to it alone', async () => {
    const docs = await auth.clients.find(docsClientId)
    assert.partialDeepStrictEqual(docs, {
      id: 'portcullis:docs',
      grants: ['authorization_code'],
      // Until the page is served.
      redirectUris: [],
      ...{ firstParty: true, confidential: false, configured: true, pkce: 'required' },
    })
    assert.equal((await named(docsClientId)).id, docsClientId)
    await assert.rejects(named(docsClientId, 'x'), isRefused)
  })

  for (const url of [issuer, `${issuer}/`]) {
    test(`the page of ${url} says where it is`, async () => {
      const { auth: served } = await createRelyingParty({ issuer: url, clients: [] })
      const app = Fastify()
      await app.register(portcullis, { auth: served })
      await app.ready()
      const docs = await served.clients.find(docsClientId)
      assert.deepEqual(docs?.redirectUris, [`${issuer}/docs/static/oauth2-redirect.html`])
      const { statusCode } = await app.inject('/docs/static/oauth2-redirect.html')
      assert.equal(statusCode, 200)
      await app.close()
    })
  }

  test('the client of the sessions of browsers is known, may nothing, and never authenticates', async () => {
    const browser = await auth.clients.find(browserClientId)
    assert.partialDeepStrictEqual(browser, {
      id: 'portcullis:browser',
      grants: [],
      introspect: false,
    })
    assert.deepEqual(browser?.redirectUris, [])
    for (const secret of ['', 'x']) {
      await assert.rejects(named(browserClientId, secret), isRefused)
      const credentials = { clientId: browserClientId, clientSecret: secret }
      await assert.rejects(auth.clients.authenticateConfidential(credentials), isRefused)
    }
    const [event] = await auth.events.list({ type: 'authn_client_fail', limit: 1 })
    assert.equal(event?.reason, 'no such client')
  })

  test('neither counts as registered', async () => {
    assert.deepEqual(await auth.clients.list(), [])
    assert.equal((await named('any')).id, 'first-party')
    assert.equal((await auth.clients.authenticate(null)).id, 'first-party')
    await auth.clients.register({ id: 'app', confidential: false })
    assert.deepEqual(
      (await auth.clients.list()).map(({ id }) => id),
      ['app'],
    )
    await assert.rejects(named('any'), isRefused)
    assert.equal((await named(docsClientId)).id, docsClientId)
  })

  test('neither is registered, changed or removed', async () => {
    const refusedAs = (code: string) => (error: unknown) =>
      error instanceof ClientError && error.code === code
    for (const id of [browserClientId, docsClientId]) {
      const registered = auth.clients.register({ id, confidential: false })
      await assert.rejects(registered, refusedAs('client_invalid'))
      await assert.rejects(auth.clients.update(id, { name: 'x' }), refusedAs('client_configured'))
      await assert.rejects(auth.clients.replaceSecret(id), refusedAs('client_configured'))
      await assert.rejects(auth.clients.remove(id), /is built in and cannot be changed/)
    }
  })
})

test('without login by browser there is neither, and their names are like any other', async () => {
  const auth = await createTestAuth({ issuer })
  for (const id of [browserClientId, docsClientId]) {
    assert.equal(await auth.clients.find(id), null)
    const credentials = { clientId: id, clientSecret: 'x' }
    assert.equal((await auth.clients.authenticate(credentials)).id, 'first-party')
  }
})

test('the client of a request that names none is a first party', async () => {
  const auth = await createTestAuth()
  assert.equal((await auth.clients.authenticate(null)).firstParty, true)
})
