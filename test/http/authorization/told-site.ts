// A site with a client that is told of log-outs.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { BrowserSession } from '../../../src/core/authorization/authorization.ts'
import type { LogoutNotices } from '../../../src/core/authorization/logout-notices.ts'
import { internals } from '../../../src/core/internals.ts'
import { claimsIn, createRelyingParty, type RelyingParty } from './relying-party.ts'
import { startToldClient, type ToldClient, tellable, telling } from './told-client.ts'

/** What a session that ends with its browser session is asked for with. */
export const withoutOffline: readonly string[] = ['openid']

export interface Site extends RelyingParty {
  readonly client: ToldClient
  readonly notices: LogoutNotices
  /** Logs somebody in at the client, and returns the session and its tokens. */
  logIn(
    browser?: BrowserSession,
    scopes?: readonly string[],
  ): Promise<{
    readonly sid: string
    readonly refreshToken: string
    readonly browser: BrowserSession
  }>
  /** Tells of what is due, and returns the sessions that the client has been told of so far. */
  told(): Promise<readonly unknown[]>
}

export async function openSite(
  t: TestContext,
  options: Parameters<typeof createRelyingParty>[0] = {},
): Promise<Site> {
  const client = await startToldClient(t)
  const party = await createRelyingParty({
    ...{ hostedLogin: telling, clients: [tellable('spa', client.uri)] },
    ...options,
  })
  t.after(() => party.auth.close())
  const notices = party.auth[internals].hosted?.logoutNotices
  assert.ok(notices)
  return {
    ...{ ...party, client, notices },
    async logIn(given, scopes = ['openid', 'offline_access']) {
      const browser = given ?? (await party.browser())
      const { access_token, refresh_token = '' } = await party.tokens({ browser, scopes })
      return { sid: String(claimsIn(access_token).sid), refreshToken: refresh_token, browser }
    },
    async told() {
      await notices.sendDue()
      return client.told
    },
  }
}
