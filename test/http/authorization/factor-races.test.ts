// What happens to a login while its second factor, its user or its session changes.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Store } from '../../../src/core/store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { goodPassword } from '../../fixtures.ts'
import { type Device, deviceOf } from '../../server/factors/device.ts'
import { assertAnswer, assertPage, type LoginSite, openLoginSite } from './login-site.ts'
import { secretsOf, userOf } from './own/own-site.ts'

/** Happens once, after the next look at somebody's factors. */
let afterLook: (() => Promise<unknown>) | null
/** Whether no session is opened, as for a user who is deactivated at that moment. */
let opensNone: boolean
let site: LoginSite

function storeWithRaces(): Store {
  const store = memory()
  const { sessions, factors } = store
  if (factors === undefined) throw new Error('the store keeps no factors')
  return {
    ...store,
    sessions: {
      ...sessions,
      create: async (...session) => !opensNone && (await sessions.create(...session)),
    },
    factors: {
      ...factors,
      async listByUser(userId) {
        const found = await factors.listByUser(userId)
        const happens = afterLook
        afterLook = null
        await happens?.()
        return found
      },
    },
  }
}

beforeEach(async () => {
  afterLook = null
  opensNone = false
  const options = { store: storeWithRaces(), factors: { required: ['admin'] } }
  site = await openLoginSite({ auth: options })
})
afterEach(() => site.close())

const grant = async (fields: Readonly<Record<string, string>>) => {
  const body = new URLSearchParams(fields)
  const answer = await site.fetch('/auth/token', { method: 'POST', body })
  return { status: answer.status, body: await answer.json() }
}
const alice = { username: 'alice', password: goodPassword }

/** Lets alice confirm her first app as soon as somebody has seen that she has none. */
async function addWhenLooked(): Promise<Device> {
  const { factors, sessions } = site.auth
  const user = await userOf(site)
  const opened = await sessions.open(user, { clientId: 'first-party', scopes: [] })
  const begun = (await factors?.beginTotp({ userId: user.id })) ?? assert.fail()
  const device = deviceOf(site, begun)
  const sessionId = opened?.session.id ?? ''
  const confirmation = { userId: user.id, id: begun.id, otp: device.code(), sessionId }
  afterLook = async () => await factors?.confirmTotp(confirmation)
  return device
}

test('a factor that is added between the password and the session is asked for (AC-83)', async () => {
  const device = await addWhenLooked()
  const { status, body } = await grant(alice)
  assert.deepEqual([status, body.error], [403, 'mfa_required'])
  const { challenge } = body.mfa_requirements
  assert.deepEqual(challenge, [{ type: 'otp' }, { type: 'recovery-code' }])
  site.clock.advance(30)
  const grantType = { grant_type: 'urn:portcullis:grant-type:mfa-otp', otp: device.code() }
  assert.equal((await grant({ ...grantType, mfa_token: body.mfa_token })).status, 200)
})

test('the same on the login page (AC-83)', async () => {
  const device = await addWhenLooked()
  const browser = site.browser()
  const page = await site.logIn(browser, site.authorize('web'))
  assertPage(page, 'second-factor')
  site.clock.advance(30)
  assertAnswer(await browser.send(page, { code: device.code() }), null)
})

test('a password that is changed with the factor opens nothing', async () => {
  await addWhenLooked()
  const add = afterLook
  const { id } = await userOf(site)
  afterLook = async () => {
    await add?.()
    await site.auth.users.setPassword(id, 'seven quiet lamps dream')
  }
  const { status, body } = await grant(alice)
  assert.deepEqual([status, body.error], [401, 'invalid_grant'])
})

test('the codes of a first factor are shown though the login cannot go on (AC-72)', async () => {
  await site.auth.users.changeRole((await userOf(site)).id, 'admin')
  const { body: asked } = await grant(alice)
  const headers = {
    authorization: `Bearer ${asked.mfa_token}`,
    'content-type': 'application/json',
  }
  const send = async (path: string, body: object) => {
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await site.fetch(path, init)
    return { status: answer.status, body: await answer.json() }
  }
  const { body: begun } = await send('/me/factors/totp', {})
  opensNone = true
  const otp = deviceOf(site, begun).code()
  const { status, body } = await send(`/me/factors/totp/${begun.id}/confirm`, { otp })
  assert.equal(status, 200)
  assert.equal(body.recovery_codes.length, 8)
  assert.equal(body.access_token, undefined)
})

test('the same on the login page, which then begins anew (AC-72)', async () => {
  await site.auth.users.changeRole((await userOf(site)).id, 'admin')
  const browser = site.browser()
  const page = await site.logIn(browser, site.authorize('web'))
  assertPage(page, 'second-factor-set-up')
  const { enrolment: id = '', secret = '' } = page.forms[0]?.fields ?? {}
  opensNone = true
  const codes = await browser.send(page, { code: deviceOf(site, { id, secret }).code() })
  assertPage(codes, 'recovery-codes')
  assert.equal(secretsOf(codes).length, 8)
  const [, path = ''] = /<a [^>]*href="(\/auth\/authorize[^"]*)"/.exec(codes.html) ?? []
  assertPage(await browser.open(path.replaceAll('&#38;', '&')), 'login')
})
