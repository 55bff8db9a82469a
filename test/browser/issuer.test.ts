// Swagger UI logs in at another issuer, a certified one, and calls a guarded route with its token.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth } from '../fixtures.ts'
import {
  audience,
  type RunningProvider,
  startRunningProvider,
} from '../issuers/running-provider.ts'
import { freePort } from '../stores/postgres-server.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { execute } from './swagger-page.ts'

let provider: RunningProvider
let auth: Auth
let app: FastifyInstance
let browser: TestBrowser
let origin = ''

before(async () => {
  const port = await freePort()
  const docsRedirect = `http://127.0.0.1:${port}/docs/static/oauth2-redirect.html`
  provider = await startRunningProvider({ docsRedirect })
  auth = await createTestAuth({
    issuers: [rfc9068({ issuer: provider.issuer, audience, allowInsecureLoopback: true })],
  })
  app = await buildApp({ auth })
  origin = await app.listen({ host: '127.0.0.1', port })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await app?.close()
  await auth?.close()
  await provider?.close()
})

test('the Authorize dialog finds the issuer and offers the authorization code flow', async (t) => {
  const { page, requests, complaints } = await browser.open()
  t.after(() => page.context().close())
  await page.goto(`${origin}/docs`)
  await page.locator('.opblock').first().waitFor()
  await page.locator('.btn.authorize').first().click()
  const dialog = page.locator('.dialog-ux')
  await dialog
    .getByText(/OpenIDConnect \(OAuth2, authorization_code/)
    .first()
    .waitFor()
  await dialog.getByText('OAuth2PasswordBearer (OAuth2, password)').waitFor()
  assert.ok(requests.includes(`${provider.issuer}/.well-known/openid-configuration`))
  assert.deepEqual(complaints, [])
})

test('a login at the issuer, with the redirect URL of the documents, is one for a guarded route', async (t) => {
  const { page, complaints } = await browser.open()
  t.after(() => page.context().close())
  await page.goto(`${origin}/docs`)
  await page.locator('.btn.authorize').first().click()
  const dialog = page.locator('.dialog-ux')
  const flow = dialog.locator('.auth-container', { hasText: 'OAuth2, authorization_code' }).first()
  await flow.getByLabel('client_id:').fill('docs')
  await flow.locator('label', { hasText: 'openid' }).first().click()
  const opened = page.waitForEvent('popup')
  await flow.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click()
  const popup = await opened
  await popup.locator('input[name=login]').fill('bob')
  await popup.locator('input[name=password]').fill('any')
  await popup.locator('button[type=submit]').click()
  await popup.locator('button[type=submit]').click()
  await flow.getByRole('button', { name: 'Remove authorization' }).waitFor()
  await flow.getByRole('button', { name: 'Close' }).click()
  await execute(page, '/me', 200)
  assert.deepEqual(complaints, [])
})
