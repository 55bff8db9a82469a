// The example of login by browser, in a browser: each of its clients against its server.

import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { launchChromium, type TestBrowser } from '../browser/chromium.ts'
import { goodPassword } from '../fixtures.ts'
import { freePort } from '../stores/postgres-server.ts'
import { startExample } from './process.ts'

let browser: TestBrowser
before(async () => {
  browser = await launchChromium()
})
after(async () => {
  await browser?.close()
})

async function open(t: TestContext): Promise<Page> {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  return page
}

async function logIn(page: Page, name = 'Username'): Promise<void> {
  await page.getByLabel(name).fill('alice')
  await page.getByLabel('Password').fill(goodPassword)
  await page.getByRole('button', { name: 'Log in' }).click()
}

const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { name, exact: true }).waitFor()
const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

describe('browser-login', () => {
  const ends: (() => Promise<void>)[] = []
  const whole = { after: (end: () => Promise<void>) => void ends.unshift(end) }
  let environment: Readonly<Record<string, string>> = {}
  let pageUrl = ''
  let webUrl = ''

  before(async () => {
    const [PORT, PAGE_PORT, WEB_PORT] = (
      await Promise.all([freePort(), freePort(), freePort()])
    ).map(String)
    environment = {
      ...{ PORT: PORT ?? '', PAGE_PORT: PAGE_PORT ?? '', WEB_PORT: WEB_PORT ?? '' },
      WEB_SECRET: 'a1f0c94e37d2485bb6e8d15c7f3092ae',
    }
    await startExample(whole, 'browser-login/server.ts', environment)
    ;({ url: pageUrl } = await startExample(whole, 'browser-login/page.ts', environment))
    ;({ url: webUrl } = await startExample(whole, 'browser-login/web-app.ts', environment))
  })
  after(async () => {
    for (const end of ends) await end()
  })

  test('a single page logs in, calls the API of another origin, gets new tokens, logs out (OP-95)', async (t) => {
    const page = await open(t)
    await page.goto(pageUrl)
    await heading(page, 'Nobody is logged in')
    await press(page, 'Call the API')
    await page.getByText(/^401 /).waitFor()
    await press(page, 'Log in')
    await logIn(page)
    await press(page, 'Continue as alice')
    await heading(page, 'Hello, alice')
    assert.equal(page.url(), `${pageUrl}/`)
    await press(page, 'Call the API')
    await page.getByText('200 {"hello":"alice"}').waitFor()
    await press(page, 'New tokens')
    await page.getByText('New tokens are here').waitFor()
    await press(page, 'Call the API')
    await page.getByText('200 {"hello":"alice"}').waitFor()
    await press(page, 'Log out')
    await heading(page, 'Nobody is logged in')
    assert.equal(page.url(), `${pageUrl}/`)
    await press(page, 'Log in')
    await heading(page, 'Log in')
  })

  test('a web application of somebody else asks once, logs in and out (OP-95)', async (t) => {
    const page = await open(t)
    await page.goto(`${webUrl}/login`)
    await logIn(page)
    await heading(page, 'Allow access?')
    await press(page, 'Allow')
    await heading(page, 'Hello, alice')
    await page.goto(`${webUrl}/login`)
    await heading(page, 'Hello, alice')
    await page.getByRole('link', { name: 'Log out' }).click()
    await heading(page, 'Nobody is logged in')
    await page.goto(`${webUrl}/login`)
    await heading(page, 'Log in')
  })

  test('a program gets its answer on a port of the day (OP-95)', async (t) => {
    const page = await open(t)
    const { url } = await startExample(t, 'browser-login/tool.ts', environment)
    await page.goto(url)
    await logIn(page)
    await press(page, 'Continue as alice')
    await page.getByText('Hello, alice. You may close this window.').waitFor()
  })
})

test('browser-login: a page of one’s own logs in, and its form is of its own site', async (t) => {
  const PORT = String(await freePort())
  const { url } = await startExample(t, 'browser-login/own-login.ts', { PORT })
  const page = await open(t)
  await page.goto(url)
  await heading(page, 'Welcome')
  await page.getByLabel('Name').fill('alice')
  await page.getByLabel('Password').fill('another password')
  await press(page, 'Log in')
  await page.getByText('That was not right.').waitFor()
  await logIn(page, 'Name')
  await heading(page, 'Hello, alice')
  await page.getByLabel('Note').fill('Buy <milk>')
  await press(page, 'Save')
  await page.getByText('Buy <milk>').waitFor()

  const other = await page.context().newPage()
  await other.goto('about:blank')
  await other.setContent(
    `<form method="post" action="${url}/note"><input name="note" value="of somebody else"><button>Win</button></form>`,
  )
  const answered = other.waitForResponse(`${url}/note`)
  await press(other, 'Win')
  assert.ok([401, 403].includes((await answered).status()))
  await page.reload()
  await page.getByText('Buy <milk>').waitFor()
})
