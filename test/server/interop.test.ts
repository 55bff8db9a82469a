// Clients of other people, unmodified, against the ready server: whatever they check, it must bear.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

const username = 'alice'
const oddSecret = 'a:b%+é &=/?~7h2kq9mx04bt6wzr8sfd'

/** A client that acts for itself. */
const machine = {
  id: 'machine',
  secret: oddSecret,
  grants: ['client_credentials'],
  scopes: ['stats:read', 'users:read'],
}

let server: Server
let app: FastifyInstance
let issuer: URL
let secret: string

before(async () => {
  // The issuer is the address, so this must be known before the application is built.
  server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const auth = await createTestAuth({
    issuer: issuer.origin,
    roles: { admin: ['*'], member: ['stats:read', 'users:read'] },
    clients: [{ id: 'odd/client', secret: oddSecret }, machine],
  })
  await auth.users.create({ username, password: goodPassword })
  secret = await auth.clients.register({ id: 'backend', confidential: true })
  await auth.clients.register({ id: 'spa', scopes: ['stats:read'], confidential: false })
  app = await buildApp({ auth })
  await app.ready()
  server.on('request', app.routing)
})

after(async () => {
  await app.close()
  server.closeAllConnections()
  server.close()
})

/** Calls a route that anybody who is logged in may call. */
async function statusOfMe(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(new URL('/me', issuer), { headers })).status
}

interface Row {
  readonly title: string
  readonly clientId: string
  readonly secret: () => string | undefined
  readonly scope: string
}

const all = 'stats:read users:read'
const rows: readonly Row[] = [
  { title: 'a public client', clientId: 'spa', secret: () => undefined, scope: 'stats:read' },
  { title: 'a confidential client', clientId: 'backend', secret: () => secret, scope: all },
  { title: 'one with an odd secret', clientId: 'odd/client', secret: () => oddSecret, scope: all },
]

describe('oauth4webapi (PC-19)', () => {
  const options = { [oauth.allowInsecureRequests]: true }

  async function discover(): Promise<oauth.AuthorizationServer> {
    const answer = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' })
    return await oauth.processDiscoveryResponse(issuer, answer)
  }

  for (const { title, clientId, secret, scope } of rows) {
    const methods = ['client_secret_basic', 'client_secret_post'] as const
    for (const method of title.includes('public') ? (['none'] as const) : methods) {
      test(`as ${title}, by ${method}`, async () => {
        const as = await discover()
        assert.ok(as.token_endpoint_auth_methods_supported?.includes(method))
        const client: oauth.Client = { client_id: clientId }
        const text = secret() ?? ''
        const authentication =
          method === 'none'
            ? oauth.None()
            : method === 'client_secret_basic'
              ? oauth.ClientSecretBasic(text)
              : oauth.ClientSecretPost(text)

        const loggedIn = await oauth.processGenericTokenEndpointResponse(
          as,
          client,
          await oauth.genericTokenEndpointRequest(
            as,
            client,
            authentication,
            'password',
            { username, password: goodPassword },
            options,
          ),
        )
        assert.equal(loggedIn.scope, scope)
        assert.equal(await statusOfMe(loggedIn.access_token), 200)

        const refreshed = await oauth.processRefreshTokenResponse(
          as,
          client,
          await oauth.refreshTokenGrantRequest(
            as,
            client,
            authentication,
            loggedIn.refresh_token ?? '',
            options,
          ),
        )
        assert.notEqual(refreshed.refresh_token, loggedIn.refresh_token)

        const introspect = async (token: string): Promise<oauth.IntrospectionResponse> =>
          await oauth.processIntrospectionResponse(
            as,
            client,
            await oauth.introspectionRequest(as, client, authentication, token, options),
          )
        const revoke = async (token: string): Promise<undefined> =>
          await oauth.processRevocationResponse(
            await oauth.revocationRequest(as, client, authentication, token, options),
          )
        if (method === 'none') {
          await assert.rejects(introspect(refreshed.access_token), { status: 401 })
        } else {
          const { active, client_id, exp } = await introspect(refreshed.access_token)
          assert.deepEqual([active, client_id, typeof exp], [true, clientId, 'number'])
        }
        await revoke(refreshed.refresh_token ?? '')
        await revoke(refreshed.refresh_token ?? '')
        if (method !== 'none') {
          assert.deepEqual(await introspect(refreshed.access_token), { active: false })
        }
        assert.equal(await statusOfMe(refreshed.access_token), 401)
      })
    }
  }

  for (const method of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
    test(`as a client for itself, by ${method.name}`, async () => {
      const as = await discover()
      assert.ok(as.grant_types_supported?.includes('client_credentials'))
      const client = { client_id: machine.id }
      const authentication = method(machine.secret)
      const { access_token, refresh_token, scope } = await oauth.processClientCredentialsResponse(
        as,
        client,
        await oauth.clientCredentialsGrantRequest(
          as,
          client,
          authentication,
          { scope: 'stats:read' },
          options,
        ),
      )
      assert.deepEqual([refresh_token, scope], [undefined, 'stats:read'])
      const asked = await oauth.introspectionRequest(
        as,
        client,
        authentication,
        access_token,
        options,
      )
      const { active, sub } = await oauth.processIntrospectionResponse(as, client, asked)
      assert.deepEqual([active, sub], [true, machine.id])
    })
  }

  test('reads the errors of a wrong secret and of a wrong password', async () => {
    const as = await discover()
    const client = { client_id: 'backend' }
    const login = async (text: string, password: string) =>
      await oauth.processGenericTokenEndpointResponse(
        as,
        client,
        await oauth.genericTokenEndpointRequest(
          as,
          client,
          oauth.ClientSecretBasic(text),
          'password',
          { username, password },
          options,
        ),
      )
    // An answer with a challenge is an error of its own to this library.
    await assert.rejects(login('wrong', goodPassword), (error) => {
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError)
      assert.deepEqual([error.status, error.cause[0]?.scheme], [401, 'basic'])
      return true
    })
    await assert.rejects(login(secret, 'wrong'), (error) => {
      assert.ok(error instanceof oauth.ResponseBodyError)
      assert.deepEqual([error.status, error.error], [400, 'invalid_grant'])
      return true
    })
  })
})

describe('openid-client (PC-19)', () => {
  async function configure(
    clientId: string,
    authentication: openid.ClientAuth,
  ): Promise<openid.Configuration> {
    return await openid.discovery(issuer, clientId, undefined, authentication, {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    })
  }

  for (const { title, clientId, secret, scope } of rows) {
    const methods = [openid.ClientSecretBasic, openid.ClientSecretPost]
    for (const method of title.includes('public') ? [openid.None] : methods) {
      test(`as ${title}, by ${method.name}`, async () => {
        const config = await configure(clientId, method(secret()))
        const loggedIn = await openid.genericGrantRequest(config, 'password', {
          username,
          password: goodPassword,
        })
        assert.equal(loggedIn.scope, scope)
        assert.equal(loggedIn.expires_in, 900)
        const refreshed = await openid.refreshTokenGrant(config, loggedIn.refresh_token ?? '')
        const { access_token, refresh_token = '' } = refreshed
        assert.equal(await statusOfMe(access_token), 200)

        if (method === openid.None) {
          await assert.rejects(openid.tokenIntrospection(config, access_token), { status: 401 })
        } else {
          const state = await openid.tokenIntrospection(config, refresh_token)
          assert.deepEqual([state.active, state.username], [true, username])
        }
        await openid.tokenRevocation(config, access_token)
        if (method !== openid.None) {
          const state = await openid.tokenIntrospection(config, refresh_token)
          assert.deepEqual(state, { active: false })
        }
        assert.equal(await statusOfMe(access_token), 401)
        await assert.rejects(openid.refreshTokenGrant(config, refresh_token), {
          error: 'invalid_grant',
          status: 400,
        })
      })
    }
  }

  for (const method of [openid.ClientSecretBasic, openid.ClientSecretPost]) {
    test(`as a client for itself, by ${method.name}`, async () => {
      const config = await configure(machine.id, method(machine.secret))
      const granted = await openid.clientCredentialsGrant(config, { scope: 'users:read' })
      assert.deepEqual([granted.refresh_token, granted.scope], [undefined, 'users:read'])
      const { active, sub } = await openid.tokenIntrospection(config, granted.access_token)
      assert.deepEqual([active, sub], [true, machine.id])
      await assert.rejects(openid.clientCredentialsGrant(config, { scope: 'no:such' }), {
        error: 'invalid_scope',
        status: 400,
      })
    })
  }

  test("may not use, and may not end, another client's login", async () => {
    const spa = await configure('spa', openid.None())
    const backend = await configure('backend', openid.ClientSecretBasic(secret))
    const login = { username, password: goodPassword }
    const theirs = await openid.genericGrantRequest(spa, 'password', login)
    const refreshToken = theirs.refresh_token ?? ''
    const refused = { error: 'invalid_grant', status: 400 }
    await assert.rejects(openid.refreshTokenGrant(backend, refreshToken), refused)
    await assert.rejects(openid.tokenRevocation(backend, refreshToken), refused)
    await openid.refreshTokenGrant(spa, refreshToken)
  })
})
