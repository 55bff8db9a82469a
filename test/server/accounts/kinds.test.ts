// Whatever opens a door of one kind, tried at the doors of all the others.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { goodPassword } from '../../fixtures.ts'
import {
  begin,
  confirm,
  enrol,
  grant,
  mfaToken,
  password,
  showOtp,
  showRecovery,
} from '../factors/device.ts'
import { login, otherPassword } from '../fixtures.ts'
import { onEveryEngine, type Site } from './site.ts'

const options = {
  accounts: { registration: 'open' },
  auth: { apiKeys: true, factors: { required: ['admin'] } },
} as const

interface Door {
  /** What opens it: the kind, or what is of that kind when the door is tried, if the first one is used up. */
  readonly takes: Readonly<Record<string, true | (() => string | Promise<string>)>>
  enter(shown: string): Promise<number>
}

type Kinds = Readonly<Record<string, string>>

/** One of each kind, of different users where the making of one would end another. */
async function oneOfEach(site: Site) {
  await site.user('alice')
  const first = await site.login('alice')
  await site.call('PUT', '/me/email', { email: 'alice2@example.com' }, { token: first })
  const [code] = (await site.sent()).flatMap((mail) => mail.code ?? [])
  await site.call('POST', '/me/email/confirm', { code }, { token: first })
  const restore = await site.tokenOf('email_changed')
  const { access_token: access, refresh_token: refresh } = (await login(site.app, 'alice')).json()
  const made = await site.call('POST', '/me/keys', { name: 'key', scope: '' }, { token: access })
  assert.equal(made.statusCode, 201, made.body)
  await site.call('POST', '/auth/register', { email: 'new@example.com' })
  const registration = await site.tokenOf('registration')
  await site.auth.accounts.invitations?.create({ email: 'guest@example.com' })
  const invitation = await site.tokenOf('invitation')
  await site.user('forgetful')
  await site.call('POST', '/auth/password-reset', { username: 'forgetful' })
  const passwordReset = await site.tokenOf('password_reset')
  const carolId = await site.user('carol')
  const carol = await site.login('carol')
  await site.call('PUT', '/me/email', { email: 'carol2@example.com' }, { token: carol })
  const [emailCode = ''] = (await site.sent()).flatMap((mail) => mail.code ?? [])
  const pending = await begin(site, carol)
  const { device, recoveryCodes, userId } = await enrol(site, 'frank')
  await site.user('boss', { role: 'admin' })
  const setUpToken = (await password(site, 'boss')).json().mfa_token
  const kinds: Kinds = {
    ...{ access, refresh, apiKey: made.json().key, registration, invitation, passwordReset },
    ...{ restore, emailCode, mfaToken: await mfaToken(site, 'frank'), setUpToken },
    ...{ otp: device.code(), recoveryCode: recoveryCodes[0] ?? '' },
    ...{ setUpSecret: pending.secret, setUpCode: pending.code() },
  }
  for (const [kind, text] of Object.entries(kinds)) assert.ok(text, kind)
  return { kinds, carol, carolId, pending, device, userId }
}

type Given = Awaited<ReturnType<typeof oneOfEach>>

function doorsOf(
  site: Site,
  { carol, carolId, pending, device, userId }: Given,
): Record<string, Door> {
  const post = async (path: string, body: object, token?: string): Promise<number> =>
    (await site.call('POST', path, body, { token })).statusCode
  /** What guesses of codes have locked is opened again, or the lock would refuse all that follows. */
  const unlocked = async (status: Promise<{ readonly statusCode: number }>): Promise<number> => {
    const { statusCode } = await status
    const { throttle } = site.auth[internals]
    for (const id of [userId, carolId]) await throttle.unlock(`second factor ${id}`)
    return statusCode
  }
  let [changes, lastCode] = [2, '']
  const beginChange = async (): Promise<string> => {
    await site.call(
      'PUT',
      '/me/email',
      { email: `carol${++changes}@example.com` },
      { token: carol },
    )
    const [code] = (await site.sent()).flatMap((mail) => mail.code ?? [])
    lastCode = code ?? assert.fail('no code')
    return lastCode
  }
  const account = { username: 'newcomer', password: goodPassword }
  return {
    registration: {
      takes: { registration: true },
      enter: (token) => post('/auth/register/complete', { token, ...account }),
    },
    invitation: {
      takes: { invitation: true },
      enter: (token) => post('/auth/invitation/accept', { ...account, token, username: 'guest' }),
    },
    reset: {
      takes: { passwordReset: true },
      enter: (token) => post('/auth/password-reset/complete', { token, password: otherPassword }),
    },
    restore: { takes: { restore: true }, enter: (token) => post('/auth/email/restore', { token }) },
    bearer: {
      takes: { access: true, apiKey: true },
      enter: async (token) => (await site.call('GET', '/me', undefined, { token })).statusCode,
    },
    'set-up of a factor': {
      takes: { access: true, setUpToken: true },
      enter: (token) => post('/me/factors/totp', {}, token),
    },
    'confirmation of a factor': {
      takes: { setUpCode: () => pending.code() },
      enter: (otp) => unlocked(confirm(site, carol, pending, otp)),
    },
    // It is opened before the app is confirmed: from then on the address needs a code of the app.
    'code of an address': {
      // Of a change that was begun just now: five wrong ones end it.
      takes: { emailCode: beginChange },
      async enter(code) {
        if (code !== lastCode) await beginChange()
        return await post('/me/email/confirm', { code }, carol)
      },
    },
    refresh: {
      takes: { refresh: true },
      enter: async (refresh_token) =>
        (await grant(site, { grant_type: 'refresh_token', refresh_token })).statusCode,
    },
    'the token of a second factor': {
      takes: {
        async mfaToken() {
          site.clock.advance(30)
          return await mfaToken(site, 'frank')
        },
      },
      enter: (token) => unlocked(showOtp(site, token, device.code())),
    },
    otp: {
      takes: {
        otp() {
          // The code before was used.
          site.clock.advance(30)
          return device.code()
        },
      },
      enter: async (otp) => await unlocked(showOtp(site, await mfaToken(site, 'frank'), otp)),
    },
    'recovery code': {
      takes: { recoveryCode: true },
      enter: async (code) =>
        await unlocked(showRecovery(site, await mfaToken(site, 'frank'), code)),
    },
  }
}

onEveryEngine((open) => {
  test('of all that opens something, each kind opens its own doors and no other (AC-27)', async () => {
    const site = await open(options)
    const given = await oneOfEach(site)
    const doors = Object.entries(doorsOf(site, given))
    const passed: string[] = []
    const refusals = new Set<number>()
    for (const [name, { takes, enter }] of doors) {
      for (const [kind, shown] of Object.entries(given.kinds)) {
        if (takes[kind]) continue
        const status = await enter(shown)
        if (status < 400 || status >= 500) passed.push(`${kind} at ${name}: ${status}`)
        refusals.add(status)
      }
    }
    assert.deepEqual(passed, [])
    // A lock or a limit would refuse anything, and show nothing.
    assert.ok(!refusals.has(429), [...refusals].join(' '))
    // Each door is one: what it takes opens it, whatever was tried before. The last first, since some end sessions.
    for (const [name, { takes, enter }] of doors.reverse()) {
      for (const [kind, fresh] of Object.entries(takes)) {
        const shown = fresh === true ? given.kinds[kind] : await fresh()
        const status = await enter(shown ?? '')
        assert.ok(status >= 200 && status < 300, `${kind} at ${name}: ${status}`)
      }
    }
  })
})
