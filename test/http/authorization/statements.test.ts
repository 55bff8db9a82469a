// What a login by browser asks of the database, and what a visitor who does not log in writes.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import pg from 'pg'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'
import type { TestBrowser } from './browser.ts'
import { assertAnswer, assertPage, type LoginSite, openLoginSite } from './login-site.ts'

const scope = 'openid email items:read'
/** What any connection was told to run. */
const ran: string[] = []
const { query } = pg.Client.prototype
const { server, skip } = await startPostgresOrSkip()

before(() => {
  pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
    const [asked] = parameters
    const text = typeof asked === 'string' ? asked : String((asked as pg.QueryConfig).text)
    if (!isOfCache(text)) ran.push(text)
    return Reflect.apply(query, this, parameters)
  } as typeof query
})
after(async () => {
  pg.Client.prototype.query = query
  await server?.remove()
})

/** A connection that listens for changes asks for news beside the requests. */
function isOfCache(text: string): boolean {
  return /^(un)?listen|pg_notify/.test(text) || text === ''
}

describe('on PostgreSQL', { skip }, () => {
  let site: LoginSite
  let databases = 0

  beforeEach(async () => {
    const store = postgres(
      await (server as NonNullable<typeof server>).createDatabase(`statements${databases++}`),
    )
    site = await openLoginSite({ auth: { store, keyEncryptionKey: randomBytes(32) } })
  })
  afterEach(async () => await site.close())

  /** The statements of a round trip: a request with a session and consent, and the exchange of its code. */
  async function roundTrip(browser: TestBrowser, clientId: string): Promise<readonly string[]> {
    const url = site.authorize(clientId, { scope })
    ran.length = 0
    const arrival = await browser.open(url)
    assertAnswer(arrival, null)
    const { idToken } = await site.exchange(clientId, arrival)
    assert.notEqual(idToken, '')
    return [...ran]
  }

  for (const clientId of ['third', 'web']) {
    test(`a login of the client "${clientId}" takes six statements`, async () => {
      const browser = site.browser()
      const page = await site.logIn(browser, site.authorize(clientId, { scope }))
      if (page.kind === 'consent')
        assertAnswer(await browser.send(page, {}, { button: 'allow' }), null)
      const statements = await roundTrip(browser, clientId)
      assert.ok(statements.length <= 6, statements.join('\n'))
      // Of them one makes the code, and one exchanges it.
      assert.equal(statements.filter((text) => /insert into/.test(text)).length, 2)
    })
  }

  test('a hundred visitors who do not log in write nothing', async () => {
    const url = site.authorize('third', { scope })
    ran.length = 0
    for (let visitor = 0; visitor < 100; visitor++)
      assertPage(await site.browser().open(url), 'login')
    assert.equal(ran.length, 100)
    for (const text of ran) assert.match(text, /^select .* from "clients"/)
  })

  test('a hundred requests with a mistake write nothing either', async () => {
    const url = site.authorize('third', { redirect_uri: 'https://elsewhere.example.com' })
    ran.length = 0
    for (let visitor = 0; visitor < 100; visitor++) {
      assertPage(await site.browser().open(url), 'error', 400)
    }
    for (const text of ran) assert.match(text, /^select /)
  })
})
