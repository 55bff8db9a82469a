// What people do with a page, and what they see of it.

import type { BrowserContextOptions, Page } from 'playwright-core'
import { goodPassword } from '../fixtures.ts'
import type { TestBrowser, WatchedPage } from './chromium.ts'

/** A browser of its own, closed at the end of the test. It takes the certificates of tests. */
export async function openPage(
  browser: TestBrowser,
  t: { after(end: () => Promise<void>): void },
  options?: BrowserContextOptions,
): Promise<WatchedPage> {
  const watched = await browser.open({ ignoreHTTPSErrors: true, ...options })
  t.after(() => watched.page.context().close())
  return watched
}

export const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { name, exact: true }).waitFor()

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

/** Waits for a page of this kind. */
export const isPage = (page: Page, kind: string): Promise<void> =>
  page.locator(`body[data-page="${kind}"]`).waitFor()

export async function fillIn(
  page: Page,
  username = 'alice',
  password: string = goodPassword,
): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
}

export async function logIn(page: Page, username?: string): Promise<void> {
  await fillIn(page, username)
  await press(page, 'Log in')
}
