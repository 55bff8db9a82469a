// Which session stays when a change ends all others of its user.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goodPassword } from '../../fixtures.ts'
import { errorOf, grant } from '../factors/device.ts'
import { onEveryEngine, type Site } from './site.ts'

const new_password = 'nine brave lanterns whisper'

/** Changes that end the other sessions of a user. */
const changes = [
  ['PUT', '/me/password', { old_password: goodPassword, new_password }],
  ['DELETE', '/me/email', undefined],
] as const

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

const logIn = async (site: Site): Promise<Tokens> =>
  (await grant(site, { username: 'alice', password: goodPassword })).json()
const refresh = (site: Site, { refresh_token }: Tokens) =>
  grant(site, { grant_type: 'refresh_token', refresh_token })
const statusOfMe = async (site: Site, { access_token: token }: Tokens): Promise<number> =>
  (await site.call('GET', '/me', undefined, { token })).statusCode

onEveryEngine((open) => {
  for (const [method, url, body] of changes) {
    test(`${method} ${url} keeps the session that asks, if nobody has refreshed it since (AC-82, SR-14)`, async () => {
      for (const isRetried of [false, true]) {
        const site = await open()
        await site.user('alice')
        const other = await logIn(site)
        const copied = await logIn(site)
        site.clock.advance(60)
        const owners: Tokens = (await refresh(site, copied)).json()
        site.clock.advance(11)
        const thiefs: Tokens | null = isRetried ? (await refresh(site, copied)).json() : null
        const token = owners.access_token
        const changed = await site.call(method, url, body, { token })
        assert.equal(changed.statusCode, 204, changed.body)
        assert.equal(await statusOfMe(site, other), 401)
        assert.equal(await statusOfMe(site, owners), isRetried ? 401 : 200)
        const refreshed = errorOf(await refresh(site, thiefs ?? owners))
        assert.equal(refreshed, isRetried ? '400 invalid_grant' : '200 OK')
      }
    })
  }
})
