// The pages of the server as people see them: on a phone and a desk, in light and in dark.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { html } from '../../src/pages/html.ts'
import { messagePage } from '../../src/pages/message-page.ts'
import { buildApp } from '../../src/server/app.ts'
import { createSetup, type Setup } from '../../src/server/setup.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { assertGood } from './accessibility.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'

let auth: Auth
let setup: Setup
let app: FastifyInstance
let browser: TestBrowser
let origin: string

before(async () => {
  auth = await createTestAuth()
  setup = createSetup(auth.clock)
  app = await buildApp({ auth, setup })
  origin = await app.listen({ host: '127.0.0.1', port: 0 })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await app?.close()
  await auth?.close()
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [320, 1280]) {
    describe(`${colorScheme}, ${width} px`, () => {
      test('the first page and each state of the set-up form have no barrier', async (t) => {
        const { page, complaints } = await browser.open({
          colorScheme,
          viewport: { width, height: 800 },
        })
        t.after(() => page.context().close())
        const name = (state: string): string => `${state}-${colorScheme}-${width}`

        await page.goto(`${origin}/`)
        await assertGood(page, name('front'))
        await page.goto(`${origin}/setup`)
        await assertGood(page, name('setup'))
        assert.deepEqual(complaints, [])

        await page.goto(`${origin}/setup#${setup.code}`)
        await page.getByLabel('Username').fill('alice')
        await page.getByLabel('Password', { exact: true }).fill('short')
        await page.getByLabel('Password again').fill('short')
        await page.getByRole('button', { name: 'Create the administrator' }).click()
        await page.getByRole('alert').waitFor()
        await assertGood(page, name('refused'))

        const text = html`alice can log in now.`
        for (const kind of ['success', 'information'] as const) {
          await page.setContent(messagePage({ title: 'A message', kind, text }).html)
          await assertGood(page, name(kind))
        }
      })
    })
  }
}

test('the first field that is wrong has the focus, and its reason is read with it', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await page.goto(`${origin}/setup#${setup.code}`)
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'username')

  await page.getByLabel('Username').fill('not a name\u202e')
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await page.getByLabel('Password again').fill(goodPassword)
  await page.getByRole('button', { name: 'Create the administrator' }).click()
  await page.getByRole('alert').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'username')
  const described = await page.getByLabel('Username').getAttribute('aria-describedby')
  assert.equal(described, 'username-error')
  assert.match((await page.locator('#username-error').textContent()) ?? '', /username/i)

  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await page.getByLabel('Password again').fill('another one altogether')
  await page.getByRole('button', { name: 'Create the administrator' }).click()
  await page.locator('#repeated-error').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'repeated')
  // The summary names the field and leads to it. The code of the set-up link stays.
  const summary = page.getByRole('alert')
  assert.equal(await summary.textContent(), 'Correct this field:Password again')
  await page.getByLabel('Username').focus()
  await summary.getByRole('link', { name: 'Password again', exact: true }).click()
  await page.waitForURL('**/setup#repeated')
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'repeated')
  assert.equal(await page.locator('input[name=code]').inputValue(), setup.code)
})

test('a password can be looked at while it is typed', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await page.goto(`${origin}/setup`)
  const password = page.getByLabel('Password', { exact: true })
  assert.equal(await password.getAttribute('type'), 'password')
  const button = (name: string) =>
    page.getByRole('button', { name, description: 'Password', exact: true })
  await button('Show').click()
  assert.equal(await password.getAttribute('type'), 'text')
  await button('Hide').click()
  assert.equal(await password.getAttribute('type'), 'password')
  await button('Show').waitFor()
})

test('without scripts the form works, and shows no button that would not', async (t) => {
  const { page } = await browser.open({ javaScriptEnabled: false })
  t.after(() => page.context().close())
  await page.goto(`${origin}/setup`)
  assert.equal(await page.getByRole('button').count(), 1)
  await page.getByLabel('Set-up code').fill('guessed')
  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await page.getByLabel('Password again').fill(goodPassword)
  await page.getByRole('button').click()
  await page.locator('#code-error').waitFor()
})
