// The examples for Deno and Cloudflare Workers, in the real runtimes, with the built package.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../house/sources.ts'
import { makeKey, type ProviderKey, sign, startProvider } from '../issuers/provider.ts'
import {
  bundleWorker,
  commandOf,
  findRuntime,
  installBeside,
  skipWithout,
  startProgram,
} from '../runtimes/runtimes.ts'
import { statusOf } from './process.ts'

const audience = 'https://items.example.com'
const key = await makeKey('key', 'ES256')

async function bearer(issuer: string, changes: object = {}, by: ProviderKey = key) {
  const now = Math.floor(Date.now() / 1000)
  const token = await sign(
    by,
    {
      ...{ iss: issuer, sub: 'alice', aud: audience, client_id: 'web', jti: randomUUID() },
      ...{ iat: now, exp: now + 300, ...changes },
    },
    { typ: 'at+jwt' },
  )
  return { headers: { authorization: `Bearer ${token}` } }
}

/** The routes of both examples, with tokens of an issuer whose keys they have to fetch. */
async function callRoutes(url: string, issuer: string): Promise<void> {
  const alice = await bearer(issuer)
  const reader = await bearer(issuer, { scope: 'items:read' })
  const boss = await bearer(issuer, { roles: ['boss'] })
  const remove = { method: 'DELETE' }

  assert.deepEqual(await statusOf(`${url}/me`), [401, 'Bearer'])
  const me = await fetch(`${url}/me`, alice)
  assert.deepEqual(await me.json(), { username: 'alice', role: 'guest' })
  const scope = 'Bearer error="insufficient_scope", scope="items:read"'
  assert.deepEqual(await statusOf(`${url}/items`, alice), [403, scope])
  assert.deepEqual(await statusOf(`${url}/items`, reader), [200, null])
  assert.deepEqual(await statusOf(`${url}/items`, { ...remove, ...reader }), [403, null])
  assert.deepEqual(await statusOf(`${url}/items`, { ...remove, ...boss }), [200, null])
  const stranger = await bearer(issuer, {}, await makeKey('key', 'ES256'))
  const other = await bearer(issuer, { aud: 'https://other.example.com' })
  for (const wrong of [stranger, other]) {
    assert.deepEqual(await statusOf(`${url}/me`, wrong), [401, 'Bearer error="invalid_token"'])
  }
  assert.deepEqual(await statusOf(`${url}/nowhere`), [404, null])
}

test('deno: the tokens of another issuer, with the permissions that its page names', {
  skip: skipWithout('deno'),
}, async (t) => {
  const provider = await startProvider()
  t.after(() => provider.close())
  provider.publish([key])
  const directory = await installBeside(join(root, 'examples/deno'))
  const page = readFileSync(join(root, 'examples/deno/README.md'), 'utf8')
  const [, flags = ''] = /deno run (.*) deno\/app\.ts/.exec(page) ?? []
  assert.match(flags, /^--allow-net --allow-env=/)
  const command = [findRuntime('deno') ?? '', 'run', '--no-prompt', ...flags.split(' '), 'app.ts']
  const environment = { ISSUER: provider.origin, AUDIENCE: audience, PORT: '0' }
  await callRoutes(await startProgram(command, directory, environment), provider.origin)
})

test('cloudflare-worker: the tokens of another issuer, whose name is looked up', {
  skip: skipWithout('workerd'),
}, async (t) => {
  const issuer = 'https://login.example.com'
  const provider = await startProvider()
  t.after(() => provider.close())
  provider.serve('/.well-known/openid-configuration', { issuer, jwks_uri: `${issuer}/jwks` })
  provider.serve('/jwks', { keys: [key.jwk] })
  // Workers ask a server of Cloudflare for addresses, by HTTPS.
  const name = 'login.example.com'
  const flags = { TC: false, RD: true, RA: true, AD: false, CD: false }
  for (const [type, addresses] of Object.entries({ A: ['203.0.113.9'], AAAA: [] })) {
    provider.serve(`/dns-query?name=${name}&type=${type}`, (_request, response) => {
      const answer = addresses.map((data) => ({ name, type: 1, TTL: 60, data }))
      response.writeHead(200, { 'content-type': 'application/dns-json' })
      const question = [{ name, type: type === 'A' ? 1 : 28 }]
      response.end(JSON.stringify({ Status: 0, ...flags, Question: question, Answer: answer }))
    })
  }

  const directory = await installBeside(join(root, 'examples/cloudflare-worker'))
  await bundleWorker(directory)
  // The network of this test is the provider.
  const config = readFileSync(join(directory, 'workerd.capnp'), 'utf8')
  const network = /network = .*?(?=\),\n {2}\])/
  assert.match(config, network)
  const { host } = new URL(provider.origin)
  const away = `external = (address = "${host}", http = ())`
  writeFileSync(join(directory, 'workerd.capnp'), config.replace(network, away))
  const environment = { ISSUER: issuer, AUDIENCE: audience }
  const command = commandOf('workerd', 'workerd.capnp')
  await callRoutes(await startProgram(command, directory, environment), issuer)
  assert.equal(provider.requests.filter((path) => path === '/jwks').length, 1)
})
