import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeKey, sign, startProvider } from '../issuers/provider.ts'
import { createInstallation, type Finished, run, serve } from './process.ts'

const password = 'seven quiet otters juggle'
/** A directory with alice, and the tokens of a login of hers. */
async function loggedIn(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ directory: string; access: string; refresh: string; issuer: string }> {
  const directory = createInstallation()
  const words = ['user', 'add', 'alice', '--role', 'admin']
  assert.equal((await run(directory, words, { input: password })).code, 0)
  const issuer = 'http://localhost:8000'
  const server = await serve(directory, { ISSUER: issuer, ...environment })
  const body = new URLSearchParams({ username: 'alice', password })
  const answer = await fetch(`${server.url}/auth/token`, { method: 'POST', body })
  const { access_token: access, refresh_token: refresh } = await answer.json()
  await server.stop()
  return { directory, access, refresh, issuer }
}

const inspect = (
  where: string,
  token: string,
  environment: Readonly<Record<string, string>> = {},
  ...words: readonly string[]
): Promise<Finished> =>
  run(where, ['token', 'inspect', ...words], {
    input: token,
    environment: { ISSUER: 'http://localhost:8000', ...environment },
  })

test('a token is decoded and accepted, and what was changed since is told in words [LA-04]', async () => {
  const { directory: here, access, refresh } = await loggedIn()
  const good = await inspect(here, `${access}\n`)
  assert.equal(good.code, 0, good.stdout + good.stderr)
  assert.match(good.stdout, /^Accepted\.\n {2}It is a token of alice, who has the role admin today/)
  assert.match(good.stdout, /"typ": "at\+jwt"/)
  assert.match(good.stdout, /"exp": \d+ {2}\(\d{4}-/)
  assert.ok(!good.stdout.includes(access))
  assert.equal((await inspect(here, access, {}, '-')).code, 0)
  const { accepted, claims } = JSON.parse((await inspect(here, access, {}, '--json')).stdout)
  assert.deepEqual([accepted, claims.scope], [true, '*'])

  const refused = async (token: string, environment = {}): Promise<string> => {
    const { code, stdout, stderr } = await inspect(here, token, environment)
    assert.deepEqual([code, stderr], [1, ''], stdout)
    assert.match(stdout, /^Refused\./)
    return stdout
  }
  assert.match(await refused(''), /There is no token/)
  assert.match(await refused('abc'), /It is no JWT/)
  assert.match(await refused('a.b.c'), /cannot be decoded/)
  assert.match(await refused(`Bearer ${access}`), /the word Bearer/)
  const forRefresh = await refused(refresh)
  assert.match(forRefresh, /It is a refresh token/)
  assert.ok(!forRefresh.includes(refresh))
  const [header = '', payload = '', signature = ''] = access.split('.')
  const altered = `${header}.${payload}.${[...signature].reverse().join('')}`
  assert.match(await refused(altered), /signature is wrong|not encoded/)
  const other = await refused(access, { ISSUER: 'https://other.example' })
  assert.match(other, /Its issuer is "http:\/\/localhost:8000"; accepted are: https:\/\/other/)
  assert.match(other, /Its audience is/)

  const inactive = ['user', 'add', 'bob', '--role', 'admin']
  assert.equal((await run(here, inactive, { input: password })).code, 0)
  assert.equal((await run(here, ['session', 'end', '--user', 'alice'])).code, 0)
  assert.match(await refused(access), /All logins of alice were ended since/)
  assert.equal((await run(here, ['user', 'remove', 'alice'])).code, 0)
  assert.match(await refused(access), /Its user was deleted/)
})

test('a token that expired is told when, and one of a key that is retired which', async () => {
  const { directory: here, access } = await loggedIn()
  const { keys } = JSON.parse(
    `{"keys":${(await run(here, ['key', 'list', '--json'])).stdout}}`,
  ) as { keys: readonly { id: string }[] }
  assert.equal((await run(here, ['key', 'retire', keys[0]?.id ?? ''])).code, 0)
  const retired = await inspect(here, access)
  assert.equal(retired.code, 1)
  assert.match(retired.stdout, /Its key .* is unknown or retired/)

  const [header = '', payload = '', signature = ''] = access.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const old = Buffer.from(JSON.stringify({ ...claims, exp: 1_700_000_000 })).toString('base64url')
  const expired = await inspect(here, [header, old, signature].join('.'))
  assert.match(expired.stdout, /It expired at 2023-11-14T22:13:20Z, \d+ seconds ago/)

  const iss = 'http://127.0.0.1:8000'
  const former = Buffer.from(JSON.stringify({ ...claims, iss })).toString('base64url')
  const named = await inspect(here, [header, former, signature].join('.'))
  assert.match(named.stdout, /the default of ISSUER before: log in again, or set ISSUER to it\./)
})

test("a client's own token is accepted until its secret is another one", async () => {
  const directory = createInstallation()
  const environment = { ISSUER: 'http://localhost:8000' }
  const words = ['client', 'add', 'job', '--grant', 'client_credentials', '--scope', 'stats:read']
  const secret = (await run(directory, words, { environment })).stdout.trim()
  const server = await serve(directory, environment)
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'job',
    client_secret: secret,
  })
  const answer = await fetch(`${server.url}/auth/token`, { method: 'POST', body })
  const { access_token: token } = await answer.json()
  await server.stop()
  assert.match((await inspect(directory, token)).stdout, /It is a token of the client job itself/)
  await run(directory, ['client', 'secret', 'job'], { environment })
  const refused = await inspect(directory, token)
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /The client job is removed, has another secret/)
})

test('a token is never taken from the command line', async () => {
  const { code, stderr } = await run(createInstallation(), [
    'token',
    'inspect',
    'eyJhbGciOiJub25lIn0',
  ])
  assert.equal(code, 64)
  assert.match(stderr, /Allowed choices are -/)
})

test('what a token says cannot move the cursor of a terminal', async () => {
  const claims = { iss: '\u001b[2J\u009b2J\u202eevil' }
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { stdout } = await inspect(
    createInstallation(),
    `${encode({ alg: 'none' })}.${encode(claims)}.`,
  )
  assert.match(stdout, /u001b\[2J/)
  for (const sign of '\u001b\u009b\u202e') assert.ok(!stdout.includes(sign))
})

test('of a token of another issuer the audience that is missing is named', async () => {
  const directory = createInstallation()
  await run(directory, ['user', 'add', 'alice'], { input: password })
  const key = await makeKey('k1')
  const provider = await startProvider()
  try {
    provider.publish([key])
    const options = { issuer: provider.origin, audience: 'items-api', allowInsecureLoopback: true }
    const ISSUERS = JSON.stringify([{ profile: 'keycloak', ...options }])
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: provider.origin,
      sub: 'x',
      typ: 'Bearer',
      azp: 'web',
      iat: now,
      exp: now + 600,
    }
    for (const [aud, shown] of [
      ['account', '"account"'],
      [undefined, 'not there'],
    ] as const) {
      const token = await sign(key, { ...claims, ...(aud !== undefined && { aud }) })
      const { code, stdout } = await inspect(directory, token, { ISSUERS })
      assert.equal(code, 1)
      assert.ok(
        stdout.includes(`Its audience is ${shown}; that of Keycloak must name items-api.`),
        stdout,
      )
    }
  } finally {
    await provider.close()
  }
})

test('where nothing names an issuer, a token is judged as the server that started last would', async () => {
  const { directory, access } = await loggedIn({ ISSUER: 'http://127.0.0.1:8123' })
  const judge = (environment: Readonly<Record<string, string>>) =>
    run(directory, ['token', 'inspect'], {
      input: access,
      environment: { PORT: '', ...environment },
    })
  const accepted = await judge({})
  assert.equal(accepted.code, 0, accepted.stdout)
  const refused = await judge({ ISSUER: 'http://127.0.0.1:9000' })
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /Its issuer is "http:\/\/127\.0\.0\.1:8123"/)
})
