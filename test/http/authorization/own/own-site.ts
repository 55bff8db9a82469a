// A site on which everything for users who are logged in is switched on, and what tests do there.

import assert from 'node:assert/strict'
import type { AuthOptions } from '../../../../src/core/auth-options.ts'
import { internals } from '../../../../src/core/internals.ts'
import type { User } from '../../../../src/core/users/user.ts'
import type { UserRecord } from '../../../../src/core/users/user-store.ts'
import { goodPassword } from '../../../fixtures.ts'
import { type Device, deviceOf } from '../../../server/factors/device.ts'
import type { Arrival, TestBrowser } from '../browser.ts'
import { assertPage, type LoginSite, type LoginSiteOptions, openLoginSite } from '../login-site.ts'

export const alice: { readonly username: string; readonly password: string } = {
  username: 'alice',
  password: goodPassword,
}
export const sessionCookie = '__Host-portcullis_session'

export async function openOwnSite(
  auth: Partial<AuthOptions> = {},
  options: Omit<LoginSiteOptions, 'auth'> = {},
): Promise<LoginSite> {
  return await openLoginSite({
    ...options,
    auth: {
      ...{ factors: { required: ['admin'] }, apiKeys: {}, accounts: { deletion: true } },
      ...auth,
    },
  })
}

export async function userOf({ auth }: LoginSite, name = 'alice'): Promise<User> {
  return (await auth.users.findByUsername(name)) ?? assert.fail(name)
}

export async function recordOf({ auth }: LoginSite, name = 'alice'): Promise<UserRecord> {
  return (await auth[internals].store.users.findByUsername(name)) ?? assert.fail(name)
}

/** The form of a page with this name, by its place; the nth of several. */
export function formAt({ forms, html }: Arrival, name: string, nth = 0): number {
  const places = forms.flatMap(({ fields }, index) => (fields.form === name ? [index] : []))
  return places[nth] ?? assert.fail(`no form ${name}: ${html}`)
}

/** Sends the form of a page with this name. */
export async function sendForm(
  browser: TestBrowser,
  page: Arrival,
  name: string,
  typed: Readonly<Record<string, string>> = {},
  nth = 0,
): Promise<Arrival> {
  return await browser.send(page, typed, { form: formAt(page, name, nth) })
}

/** A browser with the cookies of another one: somebody has copied them. */
export function copyOf(site: LoginSite, browser: TestBrowser): TestBrowser {
  const copy = site.browser()
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}

/** What is said in the notice of a page, or in its summary. */
export function noticeOf({ html }: Arrival): string | undefined {
  return /<p class="notice [a-z]+">.*?<span>(.*?)<\/span>/s.exec(html)?.[1]
}
export function summaryOf({ html }: Arrival): string | undefined {
  return /<div class="summary".*?<p>(.*?)<\/p>/s.exec(html)?.[1]?.replace(/<[^>]*>/g, '')
}

/** Fails unless a page says that a form was not taken, so that it can be sent again from there. */
export function assertTooOld(arrival: Arrival, kind: string): void {
  assertPage(arrival, kind)
  assert.equal(noticeOf(arrival), 'The form was too old, so nothing was done. Try again here.')
}

/** The secrets that a page shows. */
export function secretsOf({ html }: Arrival): readonly string[] {
  return [...html.matchAll(/<code data-secret>([^<]*)<\/code>/g)].map(([, text = '']) => text)
}

/** Sets an app up on the page, where alice has just logged in. */
export async function addApp(
  site: LoginSite,
  browser: TestBrowser,
  name = 'phone',
): Promise<{ readonly device: Device; readonly after: Arrival }> {
  const page = await browser.open('/account/sign-in')
  const setUp = await sendForm(browser, page, 'addApp', { name })
  const { id = '', secret = '' } = setUp.forms[0]?.fields ?? {}
  const device = deviceOf(site, { id, secret })
  return { device, after: await browser.send(setUp, { code: device.code() }) }
}
