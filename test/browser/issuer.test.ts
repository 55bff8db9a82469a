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
import { launchChromium, type TestBrowser } from './chromium.ts'

let provider: RunningProvider
let auth: Auth
let app: FastifyInstance
let browser: TestBrowser
let origin = ''

before(async () => {
  provider = await startRunningProvider()
  auth = await createTestAuth({
    issuers: [rfc9068({ issuer: provider.issuer, audience, allowInsecureLoopback: true })],
  })
  app = await buildApp({ auth })
  origin = await app.listen({ host: '127.0.0.1', port: 0 })
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
