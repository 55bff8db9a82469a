// A login by browser at the ready server, by its log and its metrics: what is said of it has none of its secrets.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { assertAbsent } from '../canaries.ts'
import { createDirectory, run, type Serving, serve } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'
import { openBrowser, type TestBrowser } from '../http/authorization/browser.ts'
import { codeChallenge, codeVerifier } from '../http/authorization/login-site.ts'
import { freePort } from '../stores/postgres-server.ts'

const callback = 'https://third.example.com/cb'
const secret = 'a1f0c94e37d2485bb6e8d15c7f3092ae'
const otherVerifier = 'another-verifier-of-43-characters-0123456789'
const wrongPassword = 'canary wrong password 7f3a'

interface Site {
  readonly directory: string
  readonly issuer: string
  readonly server: Serving
  readonly browser: TestBrowser
  /** All that must not be said. */
  readonly secrets: Record<string, string>
}

/** A server that logs all that it can, and says its metrics. */
async function start(t: TestContext): Promise<Site> {
  const directory = createDirectory()
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const environment = {
    ...{ PORT: String(port), ISSUER: issuer, HOSTED_LOGIN: 'true', LOG_LEVEL: 'trace' },
    ...{ METRICS_PORT: '0', HOST: '127.0.0.1' },
    CLIENTS: JSON.stringify([{ id: 'third', name: 'Third', secret, redirectUris: [callback] }]),
  }
  const added = await run(directory, ['migrate'], { environment })
  assert.equal(added.code, 0, added.stderr)
  const words = ['user', 'add', 'alice', '--role', 'admin']
  assert.equal((await run(directory, words, { input: goodPassword, environment })).code, 0)
  const server = await serve(directory, environment)
  t.after(() => server.stop())
  const browser = openBrowser(issuer, (request) => fetch(request))
  const secrets = {
    ...{ secret, codeVerifier, otherVerifier, wrongPassword, password: goodPassword },
    basic: Buffer.from(`third:${secret}`).toString('base64'),
  }
  return { directory, issuer, server, browser, secrets }
}

const request = (more: Readonly<Record<string, string>> = {}): string =>
  `/auth/authorize?${new URLSearchParams({
    ...{ response_type: 'code', client_id: 'third', redirect_uri: callback },
    ...{ scope: 'openid offline_access', state: 'canary-state-51c7', nonce: 'canary-nonce-9e02' },
    ...{ code_challenge: codeChallenge, code_challenge_method: 'S256', ...more },
  })}`

async function send(
  { issuer }: Site,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const headers = { authorization: `Basic ${Buffer.from(`third:${secret}`).toString('base64')}` }
  const body = new URLSearchParams(form)
  const answer = await fetch(issuer + path, { method: 'POST', headers, body })
  const text = await answer.text()
  return text.startsWith('{') ? JSON.parse(text) : {}
}

const exchange = (site: Site, code: string, verifier = codeVerifier) =>
  send(site, '/auth/token', {
    ...{ grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier },
  })

function keep(site: Site, found: Readonly<Record<string, string | null | undefined>>): void {
  for (const [name, text] of Object.entries(found)) {
    assert.ok(text, `there is no ${name}`)
    site.secrets[name] = text
  }
}

/** Logs in with mistakes on the way, allows, and takes the code. */
async function logIn(site: Site): Promise<string> {
  const { browser } = site
  const page = await browser.open(request())
  await browser.send(page, { username: 'alice', password: wrongPassword })
  const { csrf = '' } = page.forms[0]?.fields ?? {}
  keep(site, { 'csrf of the login': csrf })
  await browser.send(page, { username: 'alice', password: goodPassword, csrf: `${csrf}x` })
  const consent = await browser.send(page, { username: 'alice', password: goodPassword })
  keep(site, { 'csrf of the consent': consent.forms[0]?.fields.csrf })
  const { url, hops } = await browser.send(consent, {}, { button: 'allow' })
  for (const [name, value] of browser.cookies) keep(site, { [`cookie ${name}`]: value })
  const proof = hops.map((hop) => hop.url.searchParams.get('proof')).find((each) => each !== null)
  keep(site, { code: url.searchParams.get('code'), proof })
  return url.searchParams.get('code') ?? ''
}

/** Uses the code and all that comes of it, and misuses it. */
async function use(site: Site, code: string): Promise<void> {
  const { issuer, browser, secrets } = site
  const tokens = await exchange(site, code)
  keep(site, {
    'access token': tokens.access_token,
    'refresh token': tokens.refresh_token,
    'ID token': tokens.id_token,
  })
  const { access_token = '', refresh_token = '', id_token = '' } = tokens
  const headers = { authorization: `Bearer ${access_token}` }
  assert.equal((await fetch(`${issuer}/auth/userinfo`, { headers })).status, 200)
  const next = await send(site, '/auth/token', { grant_type: 'refresh_token', refresh_token })
  keep(site, { 'next refresh token': next.refresh_token, 'next ID token': next.id_token })
  await send(site, '/auth/introspect', { token: next.refresh_token ?? '' })
  // Again, by itself and with another verifier; then where none of it belongs.
  assert.equal((await exchange(site, code)).error, 'invalid_grant')
  assert.equal((await exchange(site, code, otherVerifier)).error, 'invalid_grant')
  await browser.open(
    request({ prompt: 'none', client_id: 'nobody', code, proof: secrets.proof ?? '' }),
  )
  await browser.open(request({ id_token_hint: `${id_token}x`, prompt: 'none' }))
  const ours = [...browser.cookies.values()].filter((value) => value.startsWith('pbs_'))
  assert.equal(ours.length, 1)
  for (const token of [code, ...ours, refresh_token, access_token]) {
    await (await fetch(`${issuer}/${token}`)).text()
    await (await fetch(`${issuer}/callback/${token}?code=${token}`)).text()
    await (await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).text()
    await (await fetch(`${issuer}/me?access_token=${token}`)).text()
  }
}

/** The store fails while it is asked for a code, and for its exchange. */
async function breakIt(site: Site): Promise<void> {
  const { browser, directory, secrets } = site
  const { url } = await browser.open(request())
  const code = url.searchParams.get('code')
  keep(site, { 'code of a failure': code })
  const database = new DatabaseSync(join(directory, 'data/portcullis.db'))
  database.exec('alter table authorization_codes rename to no_codes')
  const failed = await exchange(site, code ?? '')
  assert.equal(failed.error, 'server_error')
  const page = await browser.open(request())
  assert.equal(page.url.searchParams.get('error') ?? String(page.status), '500')
  database.exec('alter table no_codes rename to authorization_codes')
  database.close()
  const leave = await browser.open(
    `/auth/logout?${new URLSearchParams({ id_token_hint: secrets['ID token'] ?? '' })}`,
  )
  if (leave.forms.length > 0) await browser.send(leave)
}

test('no secret of a login by browser is in a line of the log or in a metric (OP-79, LA-04)', {
  timeout: 120_000,
}, async (t) => {
  const site = await start(t)
  await use(site, await logIn(site))
  await breakIt(site)
  const [, metricsUrl = ''] = /Metrics: +(\S+)/.exec(site.server.greeting) ?? []
  const metrics = await (await fetch(metricsUrl)).text()
  assert.match(metrics, /portcullis_logins_total\{result="failed"\} 1/)
  await site.server.stop()
  const log = site.server.said()
  for (const there of [
    ...['"path":"/auth/authorize"', '"path":"/auth/authorize/login"', '"path":"/auth/token"'],
    ...['authn_login_success', 'authn_code_reuse', 'authz_consent_granted', '"level":50'],
  ]) {
    assert.ok(log.includes(there), `${there} is where it is looked for`)
  }
  assertAbsent(log, site.secrets)
  assertAbsent(metrics, site.secrets)
})
