// What users are told by mail when something happens to their accounts: each kind of notice, by all that causes it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notices } from '../../../src/core/mail/notices.ts'
import { goodPassword } from '../../fixtures.ts'
import {
  begin,
  confirm,
  type Device,
  logInWithBoth,
  mfaToken,
  showOtp,
  showRecovery,
} from '../factors/device.ts'
import { otherPassword } from '../fixtures.ts'
import { onEveryEngine, type Site, tokenIn } from './site.ts'

type NoticeKind = Parameters<Notices['of']>[0]

/** Somebody who has a verified address, and what can be done to them. */
interface Person {
  readonly site: Site
  readonly name: string
  readonly id: string
  /** A request with a login of the person. */
  own(method: string, path: string, body?: object): Promise<void>
  /** A request of an administrator about the person. */
  byAdmin(method: string, path: string, body?: object): Promise<void>
  /** Sets up an app. */
  enrol(): Promise<{
    readonly device: Device
    readonly recoveryCodes: readonly string[]
    own(method: string, path: string, body?: object): Promise<void>
  }>
  logIn(password: string, userAgent?: string): Promise<number>
}

interface Told {
  readonly says: RegExp
  /** What leaves one mail of the kind, each for itself. */
  readonly causes: Readonly<Record<string, (person: Person) => Promise<unknown>>>
}

const day = 86_400
const newPassword = { password: otherPassword }
const key = { name: 'nightly backup', scope: '' }

const notices: Readonly<Record<NoticeKind, Told>> = {
  email_change_begun: {
    says: /asked to change your address/,
    causes: { asked: ({ own }) => own('PUT', '/me/email', { email: 'new@example.org' }) },
  },
  email_changed: {
    says: /^Your account at .* has another address now/m,
    causes: {
      'by the user': ({ own }) => own('DELETE', '/me/email'),
      'by an administrator': ({ byAdmin }) => byAdmin('PUT', '/email', { email: 'n@example.org' }),
    },
  },
  password_changed: {
    says: /^The password of your account at .* was changed/m,
    causes: {
      'by the user': ({ own }) =>
        own('PUT', '/me/password', { old_password: goodPassword, new_password: otherPassword }),
      'by an administrator': ({ byAdmin }) => byAdmin('PUT', '/password', newPassword),
      'by a link': async ({ site, name }) => {
        await site.call('POST', '/auth/password-reset', { username: name })
        const mail = (await site.sent()).find(({ kind }) => kind === 'password_reset')
        const body = { token: tokenIn(mail ?? { link: null }), ...newPassword }
        const answer = await site.call('POST', '/auth/password-reset/complete', body)
        assert.equal(answer.statusCode, 204, answer.body)
      },
    },
  },
  new_login: {
    says: /^Somebody logged in to your account at .* from an address or a program that is new/m,
    causes: {
      elsewhere: async ({ logIn }) => {
        assert.equal(await logIn(goodPassword), 200)
        assert.equal(await logIn(goodPassword, 'curl/8.5.0'), 200)
      },
    },
  },
  role_changed: {
    says: /^Your role at .* is admin now/m,
    causes: { changed: ({ byAdmin }) => byAdmin('PUT', '/role', { role: 'admin' }) },
  },
  account_locked: {
    says: /^There were too many wrong passwords for your account/m,
    causes: {
      'a hundred wrong passwords': async ({ site, logIn }) => {
        for (let failures = 0; failures < 100; failures++) {
          assert.equal(await logIn('wrong'), 401)
          site.clock.advance(900)
        }
      },
    },
  },
  deletion_begun: {
    says: /^Your account at .* will be deleted on /m,
    causes: { asked: ({ own }) => own('DELETE', '/me') },
  },
  api_key_created: {
    says: /^The API key “nightly backup” was made for your account/m,
    causes: { made: ({ own }) => own('POST', '/me/keys', key) },
  },
  api_key_ended: {
    says: /^The API key “nightly backup” of your account at .* was ended/m,
    causes: {
      ended: async ({ own }) => {
        await own('POST', '/me/keys', key)
        await own('DELETE', '/me/keys')
      },
    },
  },
  api_key_expires: {
    says: /^The API key “nightly backup” of your account at .* expires on /m,
    causes: {
      'seven days before': async ({ site, id }) => {
        const { apiKeys } = site.auth
        await apiKeys?.create({ userId: id, name: key.name, scopes: [], lifetime: 90 * day })
        site.clock.advance(83 * day)
        await apiKeys?.tellExpiring()
      },
    },
  },
  factor_added: {
    says: /^A second factor was set up for your account/m,
    causes: { 'set up': ({ enrol }) => enrol() },
  },
  factor_removed: {
    says: /^A second factor of your account at .* was removed/m,
    causes: {
      'by the user': async ({ enrol }) => {
        const { own, device } = await enrol()
        await own('DELETE', `/me/factors/${device.id}`)
      },
      'by an administrator': async ({ enrol, byAdmin }) => {
        await enrol()
        await byAdmin('DELETE', '/factors')
      },
    },
  },
  factor_locked: {
    says: /^There were too many wrong codes for your account/m,
    causes: {
      'a hundred wrong codes': async ({ site, name, enrol }) => {
        const { device } = await enrol()
        for (let failures = 0; failures < 100; failures++) {
          const answer = await showOtp(site, await mfaToken(site, name), device.wrong())
          assert.equal(answer.statusCode, 400, answer.body)
          site.clock.advance(900)
        }
      },
    },
  },
  recovery_code_used: {
    says: /^Somebody logged in to your account at .* with a recovery code. Codes that are left: 7/m,
    causes: {
      used: async ({ site, name, enrol }) => {
        const [code = ''] = (await enrol()).recoveryCodes
        const answer = await showRecovery(site, await mfaToken(site, name), code)
        assert.equal(answer.statusCode, 200, answer.body)
      },
    },
  },
  recovery_codes_made: {
    says: /^There are new recovery codes for your account/m,
    causes: {
      made: async ({ enrol }) => await (await enrol()).own('POST', '/me/recovery-codes'),
    },
  },
}

async function createPerson(site: Site, name: string): Promise<Person> {
  const id = await site.user(name)
  const doing =
    (token: string) =>
    async (method: string, path: string, body?: object): Promise<void> => {
      const answer = await site.call(method, path, body, { token })
      assert.ok(answer.statusCode < 300, `${method} ${path}: ${answer.body}`)
    }
  return {
    ...{ site, name, id },
    own: async (...request) => await doing(await site.login(name))(...request),
    byAdmin: async (method, path, body) =>
      await doing(await site.login('root'))(method, `/admin/users/${id}${path}`, body),
    async enrol() {
      const token = await site.login(name)
      const device = await begin(site, token)
      const confirmed = await confirm(site, token, device, device.code())
      assert.equal(confirmed.statusCode, 200, confirmed.body)
      site.clock.advance(30)
      const { access_token: strong } = await logInWithBoth(site, name, device)
      return { device, recoveryCodes: confirmed.json().recovery_codes, own: doing(strong) }
    },
    async logIn(password, userAgent = 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0') {
      const form = new URLSearchParams({ username: name, password }).toString()
      const headers = {
        ...{ 'content-type': 'application/x-www-form-urlencoded', 'user-agent': userAgent },
      }
      return (await site.call('POST', '/auth/token', form, { headers })).statusCode
    },
  }
}

onEveryEngine((open) => {
  for (const [kind, { says, causes }] of Object.entries(notices)) {
    for (const [cause, happen] of Object.entries(causes)) {
      test(`${kind}, ${cause}: the user gets one mail that says so`, async () => {
        const site = await open({
          accounts: { deletion: true },
          auth: { apiKeys: {}, factors: {} },
        })
        await site.user('root', { role: 'admin' })
        const person = await createPerson(site, 'ann')
        await happen(person)
        await site.sent()
        const told = site.box.mails.filter((mail) => mail.kind === kind)
        assert.deepEqual(
          told.map(({ to }) => to),
          ['ann@example.com'],
        )
        assert.match(told[0]?.text ?? '', says)
      })
    }
  }

  test('a mail about a change of one’s own names the program it came from', async () => {
    const site = await open()
    await site.user('ann')
    const token = await site.login('ann')
    const change = { old_password: goodPassword, new_password: otherPassword }
    const headers = {
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    }
    const answer = await site.call('PUT', '/me/password', change, { token, headers })
    assert.equal(answer.statusCode, 204)
    const mail = (await site.sent()).find(({ kind }) => kind === 'password_changed')
    assert.match(mail?.text ?? '', /^Program: Firefox on Linux$/m)
  })
})
