// What a stolen token of an old login does not do, at every route that asks for a recent one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem } from '../fixtures.ts'
import type { Operation } from '../openapi/document.ts'
import { onEveryEngine } from './site.ts'

const email = 'new@example.org'

/** The routes, with bodies that they take. */
const routes: Readonly<Record<string, object | undefined>> = {
  'PUT /me/email': { email },
  'DELETE /me/email': undefined,
  'DELETE /me': undefined,
  'POST /me/keys': { name: 'backup', scope: '' },
  'POST /me/factors/totp': {},
  'PATCH /me/factors/{id}': { name: 'phone' },
  'DELETE /me/factors/{id}': undefined,
  'POST /me/recovery-codes': undefined,
  'PUT /admin/users/{id}/password': { password: 'another good passphrase' },
  'POST /admin/users/{id}/identities': { issuer: 'https://other.example', subject: 'root' },
  'DELETE /admin/users/{id}/identities': undefined,
  'PUT /admin/users/{id}/email': { email, verified: true },
  'DELETE /admin/users/{id}/email': undefined,
  'POST /admin/invitations': { email: 'guest@example.com' },
  'POST /admin/invitations/{id}/resend': { return_link: true },
  'POST /admin/users/{id}/password-reset': { return_link: true },
  'DELETE /admin/users/{id}/factors': undefined,
  'DELETE /admin/users/{id}/factors/{factor}': undefined,
}

const challenge =
  'Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="300"'

onEveryEngine((open) => {
  test('a login that is older than five minutes is refused where a recent one is asked for (AC-57)', async () => {
    const site = await open({
      accounts: { registration: 'open', deletion: true },
      auth: { apiKeys: {}, factors: {} },
    })
    await site.user('root', { role: 'admin' })
    const alice = await site.user('alice')
    const { invitations } = site.auth.accounts
    const invitation = await invitations?.create({ email: 'guest@example.net' })
    for (const [route, body] of Object.entries(routes)) {
      const [method = '', path = ''] = route.split(' ')
      const id = path.includes('invitations') ? (invitation?.id ?? '') : alice
      const named = method === 'DELETE' && path.endsWith('identities')
      const query = named ? '?issuer=https://other.example&subject=root' : ''
      const url = path.replace('{id}', id).replace('{factor}', 'none') + query
      const token = await site.login('root')
      site.clock.advance(301)
      const late = await site.call(method, url, body, { token })
      assertProblem(late, 401)
      assert.equal(late.headers['www-authenticate'], challenge, route)
      // The refusal is because of the age alone.
      const recent = await site.login('root')
      site.clock.advance(300)
      const inTime = await site.call(method, url, body, { token: recent })
      assert.ok(![400, 401, 403, 415].includes(inTime.statusCode), `${route} ${inTime.body}`)
    }
  })

  test('every route that says so is among them', async () => {
    const site = await open({
      accounts: { registration: 'open', deletion: true },
      auth: { apiKeys: {}, factors: {} },
    })
    const { paths } = (await site.app.inject('/openapi.json')).json<{
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    }>()
    const found = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { responses }]) => responses['401']?.description.includes('older than'))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    )
    assert.deepEqual(found.sort(), Object.keys(routes).sort())
  })
})
