// How people become users whom somebody has invited.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'
import { assertProblem, login, otherPassword } from '../fixtures.ts'
import { from, onEveryEngine, type Site, tokenIn } from './site.ts'

const roles = {
  admin: ['*'],
  helper: ['notes:read', 'notes:write'],
  reader: ['notes:read'],
  member: [],
}

async function openInvited(open: Parameters<Parameters<typeof onEveryEngine>[0]>[0], mail = true) {
  const mailer = mail ? {} : { mailer: undefined, from: undefined }
  const site = await open({
    accounts: { registration: 'invited', ...mailer } as object,
    auth: { roles, defaultRole: 'member' },
  })
  const id = await site.user('root', { role: 'admin' })
  const token = await site.login('root')
  const invite = async (body: object) =>
    await site.call('POST', '/admin/invitations', body, { token })
  return { ...site, id, admin: token, invite }
}

const accept = (site: Site, body: object) =>
  site.call('POST', '/auth/invitation/accept', { password: goodPassword, ...body })

onEveryEngine((open) => {
  test('an invitation grants at most what its maker may grant, judged when it is accepted too (AC-21)', async () => {
    const { id, invite, ...site } = await openInvited(open)
    const helper = await site.user('helper', { role: 'helper' })
    const { invitations } = site.auth.accounts
    // The routes are for administrators; core knows others.
    await assert.rejects(
      async () =>
        await invitations?.create({ email: 'a@example.com', role: 'admin', invitedBy: helper }),
      { code: 'registration_refused' },
    )
    await invitations?.create({ email: 'a@example.com', role: 'reader', invitedBy: helper })
    const fine = await site.tokenOf('invitation')
    assert.equal((await accept(site, { token: fine, username: 'anna' })).json().role, 'reader')

    assert.equal((await invite({ email: 'b@example.com', role: 'helper' })).statusCode, 201)
    const token = await site.tokenOf('invitation')
    await site.user('second', { role: 'admin' })
    await site.auth.users.changeRole(id, 'reader')
    const made = (await accept(site, { token, username: 'bert' })).json()
    assert.equal(made.role, 'member')
    const [event] = await site.auth.events.list({ type: 'user_registered', limit: 1 })
    assert.deepEqual(event?.details, { role: 'member', refused_role: 'helper' })

    const suspended = await site.user('suspended', { role: 'helper' })
    const carl = { email: 'c@example.com', role: 'reader', invitedBy: suspended }
    await invitations?.create(carl)
    const last = await site.tokenOf('invitation')
    await site.auth.users.suspend(suspended, site.clock() + 3600)
    assert.equal((await accept(site, { token: last, username: 'carl' })).json().role, 'member')
  })

  test('an invitation belongs to its address, whoever is logged in (AC-22)', async () => {
    const { invite, ...site } = await openInvited(open)
    await site.user('third')
    const third = await site.login('third')
    await invite({ email: 'guest@example.com' })
    const token = await site.tokenOf('invitation')
    const body = { token, username: 'guest', password: otherPassword }
    const made = await site.call('POST', '/auth/invitation/accept', body, { token: third })
    // A user of its own, with its own address: nothing of it falls to the one who was logged in.
    assert.equal(made.json().email, 'guest@example.com')
    const me = await site.auth.users.findByUsername('third')
    assert.equal(me?.email, 'third@example.com')
    assertProblem(await site.call('POST', '/auth/invitation/accept', body, { token: third }), 410)
    const other = { token, username: 'guest2', email: 'third@example.com', password: otherPassword }
    assertProblem(await site.call('POST', '/auth/invitation/accept', other), 400, /email/)
  })

  test('an invitation is listed, sent again and withdrawn, and its older link ends (AC-23)', async () => {
    const { invite, admin, ...site } = await openInvited(open)
    const made = await invite({ email: 'guest@example.com', role: 'reader', expires_in: 3600 })
    assert.equal(made.statusCode, 201, made.body)
    assert.equal(made.json().link, undefined)
    const { id } = made.json()
    const older = await site.tokenOf('invitation')
    const list = await site.call('GET', '/admin/invitations', undefined, { token: admin })
    const [invitation] = list.json().invitations
    assert.deepEqual(
      { ...invitation, created_at: 0, expires_at: invitation.expires_at - invitation.created_at },
      {
        ...{ id, email: 'guest@example.com', username: null, role: 'reader' },
        ...{ invited_by: (await site.auth.users.findByUsername('root'))?.id, created_at: 0 },
        expires_at: 3600,
      },
    )
    // It has expired, and is there all the same.
    site.clock.advance(3601)
    assertProblem(await accept(site, { token: older, username: 'guest' }), 410)
    const token = await site.login('root')
    const again = await site.call('POST', `/admin/invitations/${id}/resend`, undefined, { token })
    assert.equal(again.statusCode, 202, again.body)
    const newer = await site.tokenOf('invitation')
    assertProblem(await accept(site, { token: older, username: 'guest' }), 410)
    const end = () => site.call('DELETE', `/admin/invitations/${id}`, undefined, { token })
    assert.equal((await end()).statusCode, 204)
    assertProblem(await end(), 404)
    assertProblem(await accept(site, { token: newer, username: 'guest' }), 410)
    const left = await site.call('GET', '/admin/invitations', undefined, { token })
    assert.deepEqual(left.json(), { invitations: [], next: null })
  })

  test('who has not accepted cannot log in, and gets the invitation again instead of a reset (AC-24)', async () => {
    const { invite, ...site } = await openInvited(open)
    await invite({ email: 'guest@example.com', username: 'guest' })
    const older = await site.tokenOf('invitation')
    assert.equal((await login(site.app, 'guest')).statusCode, 401)
    assert.equal((await login(site.app, 'guest@example.com')).statusCode, 401)
    const ask = (email: string) => site.call('POST', '/auth/password-reset', { email })
    const [invited, unknown] = [await ask('guest@example.com'), await ask('nobody@example.com')]
    assert.deepEqual([invited.statusCode, invited.body], [unknown.statusCode, unknown.body])
    const token = await site.tokenOf('invitation')
    assertProblem(await accept(site, { token: older }), 410)
    assert.equal((await accept(site, { token })).json().username, 'guest')
  })

  test('an invitation that was handed over is not ended by a request for a reset (AC-24)', async () => {
    const { invite, ...site } = await openInvited(open)
    const made = await invite({ email: 'guest@example.com', return_link: true })
    await site.call('POST', '/auth/password-reset', { email: 'guest@example.com' })
    assert.deepEqual(await site.sent(), [])
    const token = tokenIn(made.json())
    const user = await accept(site, { token, username: 'guest' })
    // Nobody has proved to read the address.
    assert.equal(user.json().email_verified, false, user.body)
  })

  test('without a mailer links are handed over, once, and their making is an event (AC-25)', async () => {
    const { invite, admin, ...site } = await openInvited(open, false)
    assert.equal(
      (await site.call('POST', '/auth/password-reset', { email: 'a@b.example' })).statusCode,
      404,
    )
    const made = await invite({ username: 'guest' })
    const { id, link } = made.json()
    assert.match(link, /^https:\/\/auth\.example\.test\/account\/invitation#token=pot_[\w-]{43}$/)
    const list = await site.call('GET', '/admin/invitations', undefined, { token: admin })
    assert.equal(list.json().invitations[0].link, undefined)
    const again = await site.call('POST', `/admin/invitations/${id}/resend`, {}, { token: admin })
    assertProblem(await accept(site, { token: tokenIn({ link }) }), 410)
    const user = await accept(site, { token: tokenIn(again.json()) })
    assert.equal(user.statusCode, 201, user.body)

    const reset = `/admin/users/${user.json().id}/password-reset`
    assertProblem(await site.call('POST', reset, undefined, { token: admin }), 409, /return_link/)
    const shown = await site.call('POST', reset, { return_link: true }, { token: admin })
    assert.equal(shown.statusCode, 201, shown.body)
    const body = { token: tokenIn(shown.json()), password: otherPassword }
    assert.equal((await site.call('POST', '/auth/password-reset/complete', body)).statusCode, 204)
    assert.equal((await login(site.app, 'guest', { password: otherPassword })).statusCode, 200)
    const events = await site.auth.events.list({ limit: 50 })
    const about = (type: string) => events.filter((each) => each.type === type)
    assert.deepEqual(
      about('user_invited').map(({ details }) => details?.link_shown),
      [true, true],
    )
    assert.equal(about('password_reset_requested')[0]?.details?.link_shown, true)
    assert.match(about('user_invited')[0]?.actor ?? '', /^user:/)
  })

  test('only administrators invite', async () => {
    const { invite: _, admin: __, ...site } = await openInvited(open)
    await site.user('member')
    const token = await site.login('member')
    assertProblem(await site.call('POST', '/admin/invitations', {}), 401)
    assertProblem(await site.call('POST', '/admin/invitations', {}, { token }), 403)
    assertProblem(await site.call('GET', '/admin/invitations', undefined, { token }), 403)
  })
})

test('an invitation that is withdrawn while it is sent again stays so (AC-23)', async (t) => {
  const store = memory()
  const { oneTimeTokens } = store
  let meanwhile = async (): Promise<void> => {}
  const box = mailbox()
  const auth = await createTestAuth({
    accounts: { registration: 'invited', mailer: box, from },
    store: {
      ...store,
      ...(oneTimeTokens && {
        oneTimeTokens: {
          ...oneTimeTokens,
          async findByAddress(kind, digest, now) {
            const found = await oneTimeTokens.findByAddress(kind, digest, now)
            await meanwhile()
            return found
          },
        },
      }),
    },
  })
  t.after(() => auth.close())
  const { invitations, passwordReset } = auth.accounts
  const made = await invitations?.create({ email: 'guest@example.com' })
  await auth[internals].outbox?.sendDue()
  await passwordReset?.request({ email: 'guest@example.com' })
  meanwhile = async () => await invitations?.withdraw(made?.id ?? '')
  await auth[internals].outbox?.sendDue()
  assert.equal(box.mails.length, 1)
  assert.deepEqual(await invitations?.list(), [])
})
