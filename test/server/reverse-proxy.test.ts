// The server behind a real nginx and a real Caddy, as docs/deploying.md has them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { deployedName, launchChromium } from '../browser/chromium.ts'
import { execute } from '../browser/swagger-page.ts'
import { createInstallation, run, type Serving, serve, start } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { freePort } from '../stores/postgres-server.ts'
import {
  deployed,
  missing,
  nginxServer,
  type RunningProxy,
  startCaddy,
  startNginx,
} from './proxies.ts'

/** Where clients come from, and what some of them claim. */
const client = '127.0.0.2'
const forged = {
  'x-forwarded-for': ['203.0.113.7', '127.0.0.1'],
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'evil.example',
  'x-real-ip': '203.0.113.7',
  forwarded: 'for=203.0.113.7',
}

interface Asked {
  readonly port?: number
  readonly headers?: OutgoingHttpHeaders
  readonly form?: Readonly<Record<string, string>>
  readonly json?: string
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server, the proxy in front of it, and what clients ask. */
interface Deployment {
  readonly port: number
  readonly server: Serving
  ask(path: string, asked?: Asked): Promise<Answer>
  /** Logs in; what the answer should be is up to the caller. */
  logIn(asked?: Asked, password?: string): Promise<Answer>
  /** The headers of a request of the administrator. */
  credentials(): Promise<OutgoingHttpHeaders>
  stop(): Promise<void>
}

async function deploy(
  directory: string,
  startProxy: (port: number, upstream: number) => Promise<RunningProxy>,
  { hops = 1, path = '' } = {},
): Promise<Deployment> {
  const words = ['user', 'add', 'alice', '--role', 'admin']
  assert.equal((await run(directory, words, { input: goodPassword })).code, 0)
  const port = await freePort()
  const server = await serve(directory, {
    ISSUER: `https://${deployedName}:${port}${path}`,
    TRUSTED_PROXIES: '127.0.0.1',
    TRUSTED_PROXY_HOPS: String(hops),
  })
  const proxy = await startProxy(port, Number(new URL(server.url).port))

  async function ask(path: string, asked: Asked = {}): Promise<Answer> {
    const { form, json, headers } = asked
    const body = form ? new URLSearchParams(form).toString() : json
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
    const sent = request({
      host: '127.0.0.1',
      port: asked.port ?? port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      localAddress: client,
      servername: deployedName,
      ca: proxy.ca,
      agent: false,
      headers: {
        host: deployedName,
        ...(body !== undefined && {
          'content-type': type,
          'content-length': Buffer.byteLength(body),
        }),
        ...headers,
      },
    })
    sent.end(body)
    const [answer] = await once(sent, 'response')
    return { status: answer.statusCode, headers: answer.headers, body: await text(answer) }
  }
  const logIn: Deployment['logIn'] = (asked, password = goodPassword) =>
    ask('/auth/token', { ...asked, form: { username: 'alice', password } })

  return {
    port,
    server,
    ask,
    logIn,
    async credentials() {
      const { body } = await logIn()
      return { authorization: `Bearer ${JSON.parse(body).access_token}` }
    },
    async stop() {
      await proxy.stop()
      await server.stop()
    },
  }
}

/** Where the last login came from, as its event and its session have it. */
async function addressesOfLogin({ ask, logIn }: Deployment, asked?: Asked): Promise<unknown[]> {
  const login = await logIn(asked)
  assert.equal(login.status, 200, login.body)
  const headers = { authorization: `Bearer ${JSON.parse(login.body).access_token}` }
  const events = await ask('/admin/events?type=authn_login_success&limit=1', { headers })
  const sessions = await ask('/me/sessions', { headers })
  const current = JSON.parse(sessions.body).sessions.find(
    (session: { readonly current: boolean }) => session.current,
  )
  return [JSON.parse(events.body).events[0].address, current.address]
}

/** Logs in to Swagger UI in Chromium, and asks there who that is. */
async function logInToDocs(url: string): Promise<void> {
  const browser = await launchChromium()
  try {
    const { page, complaints } = await browser.open({ ignoreHTTPSErrors: true })
    await page.goto(url)
    await page.locator('.btn.authorize').first().click()
    const dialog = page.locator('.dialog-ux')
    await dialog.getByLabel('username:').fill('alice')
    await dialog.getByLabel('password:').fill(goodPassword)
    await dialog.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click()
    await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    assert.match(await execute(page, '/me', 200), /"username":\s*"alice"/)
    assert.deepEqual(complaints, [])
  } finally {
    await browser.close()
  }
}

function proxied(
  name: string,
  skip: string | false,
  startProxy: (port: number, upstream: number) => Promise<RunningProxy>,
): void {
  describe(`behind ${name}`, { skip, timeout: 120_000 }, () => {
    const directory = createInstallation()
    let deployment: Deployment
    before(async () => {
      deployment = await deploy(directory, startProxy)
    })
    after(() => deployment?.stop())

    test('events and sessions have the address of the client, whatever it claims (TH-09)', async () => {
      assert.deepEqual(await addressesOfLogin(deployment), [client, client])
      assert.deepEqual(await addressesOfLogin(deployment, { headers: forged }), [client, client])
    })

    test('metadata and tokens have the https issuer, and browsers are told to stay with it', async () => {
      const issuer = `https://${deployedName}:${deployment.port}`
      const path = '/.well-known/oauth-authorization-server'
      const metadata = await deployment.ask(path, { headers: forged })
      assert.equal(JSON.parse(metadata.body).issuer, issuer)
      assert.equal(JSON.parse(metadata.body).token_endpoint, `${issuer}/auth/token`)
      assert.match(String(metadata.headers['strict-transport-security']), /^max-age=\d+/)
      const { authorization } = await deployment.credentials()
      const [, claims = ''] = String(authorization).split('.')
      assert.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).iss, issuer)
    })

    test('no cookie is set, and no token is kept on the way', async () => {
      const login = await deployment.logIn()
      assert.equal(login.headers['cache-control'], 'no-store')
      const headers = await deployment.credentials()
      for (const path of ['/', '/me', '/docs', '/openapi.json']) {
        const { headers: answered } = await deployment.ask(path, { headers })
        assert.equal(answered['set-cookie'], undefined)
      }
    })

    test('a body of the largest size passes, and one byte more is refused', async () => {
      const headers = await deployment.credentials()
      const padded = (bytes: number): Asked => ({ headers, json: '{}'.padEnd(bytes) })
      assert.equal((await deployment.ask('/admin/users', padded(64 * 1024))).status, 400)
      // The server refuses by the length alone, and closes: a proxy that still sends may report a 502.
      const refusals: readonly unknown[] = [413, 502]
      const tooLarge = await deployment.ask('/admin/users', padded(64 * 1024 + 1))
      assert.ok(refusals.includes(tooLarge.status), tooLarge.body)
      const form = { username: 'alice', password: 'x'.repeat(16 * 1024) }
      const login = await deployment.ask('/auth/token', { form })
      assert.ok(refusals.includes(login.status), login.body)
    })

    test('a large answer arrives whole', async () => {
      const direct = await fetch(`${deployment.server.url}/docs/static/swagger-ui-bundle.js`)
      const { body } = await deployment.ask('/docs/static/swagger-ui-bundle.js')
      assert.equal(body, await direct.text())
      assert.ok(body.length > 1_000_000)
    })

    test('a login in /docs works', async () => {
      await logInToDocs(`https://${deployedName}:${deployment.port}/docs`)
    })

    test('a client that guesses gets the time to wait', async () => {
      let answer = await deployment.logIn({}, 'not the password')
      for (let more = 10; more > 0 && answer.status === 401; more -= 1) {
        answer = await deployment.logIn({}, 'not the password')
      }
      assert.equal(answer.status, 429)
      assert.match(String(answer.headers['retry-after']), /^\d+$/)
    })

    test('a server without its database is 503, and says when to try again', async () => {
      await deployment.server.stop()
      const waiting = start(directory, ['serve'], {
        PORT: new URL(deployment.server.url).port,
        DATABASE_URL: 'postgres://portcullis@127.0.0.1:1/portcullis',
      })
      const closed = once(waiting, 'close')
      try {
        let answer: Answer
        // Until it listens, the proxy has nobody to ask.
        do answer = await deployment.ask('/me')
        while (answer.status === 502)
        assert.equal(answer.status, 503)
        assert.equal(answer.headers['retry-after'], '2')
        assert.equal(JSON.parse(answer.body).detail, 'The database cannot be used yet.')
        assert.equal((await deployment.ask('/health/live')).status, 200)
      } finally {
        waiting.kill('SIGTERM')
        await closed
      }
    })
  })
}

proxied('nginx', missing('nginx', '-v'), (port, upstream) =>
  startNginx((paths) => nginxServer(port, upstream, paths)),
)
proxied('Caddy', missing('caddy', 'version'), startCaddy)

test('behind nginx and a proxy before it, both append and two hops are believed (TH-09)', {
  skip: missing('nginx', '-v'),
  timeout: 120_000,
}, async () => {
  const inner = await freePort()
  const append = { 'For $remote_addr': 'For $proxy_add_x_forwarded_for' }
  const deployment = await deploy(
    createInstallation(),
    (port, upstream) =>
      startNginx(
        (paths) =>
          nginxServer(inner, upstream, paths, append) +
          nginxServer(port, inner, paths, { ...append, 'proxy_pass http:': 'proxy_pass https:' }),
      ),
    { hops: 2 },
  )
  try {
    assert.deepEqual(await addressesOfLogin(deployment, { headers: forged }), [client, client])
    // Past the first one.
    const direct = await addressesOfLogin(deployment, { headers: forged, port: inner })
    assert.deepEqual(direct, [client, client])
  } finally {
    await deployment.stop()
  }
})

test('below a path, as the page has it, every link of the first page and a login in /docs work', {
  skip: missing('nginx', '-v'),
  timeout: 120_000,
}, async () => {
  const [, locations = ''] =
    /^```nginx\n( {4}location \/id\/[\s\S]*?)^```$/m.exec(
      readFileSync(join(root, 'docs/deploying.md'), 'utf8'),
    ) ?? []
  const whole = /^ {4}location \/ \{[\s\S]*?^ {4}\}\n/m.exec(deployed('nginx.conf', {}))?.[0]
  assert.ok(locations && whole)
  const deployment = await deploy(
    createInstallation(),
    (port, upstream) =>
      startNginx((paths) => nginxServer(port, upstream, paths, { [whole]: locations })),
    { path: '/id' },
  )
  try {
    const {
      name: _,
      version: __,
      token,
      ...links
    } = JSON.parse((await deployment.ask('/id/')).body)
    const form = { username: 'alice', password: goodPassword }
    assert.equal((await deployment.ask(token, { form })).status, 200)
    for (const link of Object.values<string>(links)) {
      assert.equal((await deployment.ask(link)).status, 200, link)
    }
    const metadata = JSON.parse((await deployment.ask(links.metadata)).body)
    assert.equal(new URL(metadata.token_endpoint).pathname, token)
    await logInToDocs(`https://${deployedName}:${deployment.port}/id/docs`)
  } finally {
    await deployment.stop()
  }
})
