// Swagger UI gets a token for a client that acts for itself, and calls a route for clients with it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { secured } from '../../src/fastify/index.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { execute } from './swagger-page.ts'

let auth: Auth
let app: FastifyInstance
let browser: TestBrowser
let origin = ''
let secret = ''

before(async () => {
  auth = await createTestAuth({ permissions: { 'report:read': 'Read reports' } })
  await auth.users.create({ username: 'alice', password: goodPassword, role: 'admin' })
  const client = { id: 'nightly', grants: ['client_credentials'], scopes: ['report:read'] }
  secret = await auth.clients.register({ ...client, confidential: true })
  app = await buildApp({ auth })
  app.get(
    '/report',
    secured(createGuards(auth).requireClient('report:read'), ({ id }) => ({ read_by: id })),
  )
  origin = await app.listen({ host: '127.0.0.1', port: 0 })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await app?.close()
  await auth?.close()
})

async function openDocs(t: { after(done: () => Promise<void>): void }) {
  const { page, complaints } = await browser.open()
  t.after(() => page.context().close())
  await page.goto(`${origin}/docs`)
  await page.locator('.opblock').first().waitFor()
  await page.locator('.btn.authorize').first().click()
  const dialog = page.locator('.dialog-ux')
  await dialog.getByText('OAuth2PasswordBearer (OAuth2, clientCredentials)').waitFor()
  const formOf = (flow: string) =>
    dialog.locator('.auth-container', { hasText: `(OAuth2, ${flow})` })
  const authorize = async (flow: string) => {
    const button = { name: 'Apply given OAuth2 credentials' }
    await formOf(flow).getByRole('button', button).click()
    await dialog.getByRole('button', { name: 'Remove authorization' }).first().waitFor()
    await dialog.getByRole('button', { name: 'Close' }).first().click()
  }
  return { page, formOf, authorize, complaints }
}

test('a client that acts for itself is tried with its id and secret, and is no user', async (t) => {
  const { page, formOf, authorize, complaints } = await openDocs(t)
  const form = formOf('clientCredentials')
  await form.getByLabel('client_id:').fill('nightly')
  await form.getByLabel('client_secret:').fill(secret)
  await authorize('clientCredentials')
  assert.match(await execute(page, '/report', 200), /"read_by":\s*"nightly"/)
  assert.match(await execute(page, '/me', 403), /This needs a user/)
  assert.ok(!complaints.some((complaint) => !complaint.includes('403 (Forbidden)')))
})

test('a user logs in beside it with empty client fields, and is no client', async (t) => {
  const { page, formOf, authorize } = await openDocs(t)
  const form = formOf('password')
  await form.getByLabel('username:').fill('alice')
  await form.getByLabel('password:').fill(goodPassword)
  await authorize('password')
  assert.match(await execute(page, '/me', 200), /"username":\s*"alice"/)
  assert.match(await execute(page, '/report', 403), /This needs a client/)
})
