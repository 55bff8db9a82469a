// Swagger UI logs in at this server's own login page, by code, and by password beside it.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Locator } from 'playwright-core'
import type { Auth } from '../../src/core/auth.ts'
import { hostedLogin } from '../../src/hosted-login/hosted-login.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { audience, startRunningProvider } from '../issuers/running-provider.ts'
import { freePort } from '../stores/postgres-server.ts'
import { launchChromium, type TestBrowser, type WatchedPage } from './chromium.ts'
import { execute } from './swagger-page.ts'

let browser: TestBrowser

before(async () => {
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
})

interface Docs {
  readonly auth: Auth
  readonly url: string
  close(): Promise<void>
}

/** Documents of a server with login by browser, where Alice has an account. */
async function startDocs(
  register: (auth: Auth) => Promise<unknown>,
  options: Partial<Parameters<typeof createTestAuth>[0]> = {},
): Promise<Docs> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const auth = await createTestAuth({
    ...{ issuer, hostedLogin: hostedLogin() },
    permissions: { 'items:read': 'Read your items' },
    roles: { admin: ['*'], member: ['items:read'] },
    ...options,
  })
  await auth.users.create({ username: 'alice', password: goodPassword, role: 'member' })
  await register(auth)
  const app = await buildApp({ auth })
  await app.listen({ host: '127.0.0.1', port })
  return {
    ...{ auth, url: `${issuer}/docs` },
    async close() {
      await app.close()
      await auth.close()
    },
  }
}

interface Dialog extends WatchedPage {
  /** The part of the dialog for a flow, by the name that the document has for it. */
  flow(name: string): Locator
}

async function openDialog(
  t: { after(done: () => Promise<void>): void },
  url: string,
): Promise<Dialog> {
  const watched = await browser.open()
  const { page } = watched
  t.after(() => page.context().close())
  await page.goto(url)
  await page.locator('.opblock').first().waitFor()
  await page.locator('.btn.authorize').first().click()
  const parts = page.locator('.dialog-ux .auth-container')
  return {
    ...watched,
    flow: (name) => parts.filter({ has: page.locator('h4', { hasText: `(OAuth2, ${name}` }) }),
  }
}

const byCode = 'authorizationCode'
const press = (flow: Locator, name: string): Promise<void> =>
  flow.getByRole('button', { name }).click()

/** Logs in by the window that opens, and closes the dialog; the parameters that the window came with. */
async function logInByCode({ page, flow }: Dialog): Promise<URLSearchParams> {
  const opened = page.waitForEvent('popup')
  await press(flow(byCode), 'Apply given OAuth2 credentials')
  const popup = await opened
  await popup.getByLabel('Username').fill('alice')
  const { searchParams } = new URL(popup.url())
  await popup.getByLabel('Password').fill(goodPassword)
  await popup.getByRole('button', { name: 'Log in' }).click()
  await flow(byCode).getByRole('button', { name: 'Remove authorization' }).waitFor()
  await press(flow(byCode), 'Close')
  return searchParams
}

const nobody = async (): Promise<void> => {}
const sites: readonly (readonly [string, (auth: Auth) => Promise<unknown>])[] = [
  ['without registered clients', nobody],
  [
    'beside a client that acts for itself',
    (auth) =>
      auth.clients.register({
        ...{ id: 'nightly', grants: ['client_credentials'], scopes: ['items:read'] },
        confidential: true,
      }),
  ],
]

for (const [where, register] of sites) {
  describe(`the Authorize dialog ${where}`, () => {
    let docs: Docs
    before(async () => {
      docs = await startDocs(register)
    })
    after(async () => {
      await docs?.close()
    })
    const hasClients = register !== nobody

    test('logs in by code on the login page, with PKCE and nothing filled in (OP-95)', async (t) => {
      const dialog = await openDialog(t, docs.url)
      const { page, flow, complaints } = dialog
      await flow(byCode).locator('label', { hasText: 'items:read' }).first().click()
      const asked = page.waitForRequest('**/auth/token')
      const parameters = await logInByCode(dialog)
      assert.equal(parameters.get('client_id'), 'portcullis:docs')
      assert.equal(parameters.get('code_challenge_method'), 'S256')
      const form = new URLSearchParams((await asked).postData() ?? '')
      assert.equal(form.get('client_id'), 'portcullis:docs')
      assert.equal(form.has('client_secret'), false)
      const me = await execute(page, '/me', 200)
      assert.match(me, /"username":\s*"alice"/)
      assert.match(me, /"scope":\s*"items:read"/)
      assert.deepEqual(complaints, [])
    })

    test('logs in by password beside it with empty client fields (OP-95)', async (t) => {
      const { page, flow, complaints } = await openDialog(t, docs.url)
      const form = flow('password')
      await form.getByLabel('username:').fill('alice')
      await form.getByLabel('password:').fill(goodPassword)
      const asked = page.waitForRequest('**/auth/token')
      await press(form, 'Apply given OAuth2 credentials')
      assert.equal((await (await asked).allHeaders()).authorization, 'Basic Og==')
      await form.getByRole('button', { name: 'Remove authorization' }).waitFor()
      await press(form, 'Close')
      assert.match(await execute(page, '/me', 200), /"username":\s*"alice"/)
      assert.deepEqual(complaints, [])
    })

    test(`${hasClients ? 'shows' : 'hides'} the fields of a client, and fills in only its own`, async (t) => {
      const { flow } = await openDialog(t, docs.url)
      for (const [name, id] of [
        [byCode, 'portcullis:docs'],
        ['password', ''],
        ...(hasClients ? [['clientCredentials', '']] : []),
      ] as const) {
        const field = flow(name ?? '').locator(`#client_id_${name}`)
        assert.equal(await field.inputValue(), id, name)
        assert.equal(await field.isVisible(), hasClients, name)
        const secret = flow(name ?? '').locator(`#client_secret_${name}`)
        assert.equal(await secret.isVisible(), hasClients, name)
      }
    })
  })
}

test('the id of the documents is not filled into the login of another issuer', async (t) => {
  const provider = await startRunningProvider()
  t.after(() => provider.close())
  const { issuer } = provider
  const docs = await startDocs(nobody, {
    issuers: [rfc9068({ issuer, audience, allowInsecureLoopback: true })],
  })
  t.after(() => docs.close())
  const { flow } = await openDialog(t, docs.url)
  const field = flow('authorization_code').locator('#client_id_authorization_code')
  assert.equal(await field.inputValue(), '')
  assert.equal(await field.isVisible(), true)
})
