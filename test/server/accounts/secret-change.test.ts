// What becomes of links when the secret key is changed, and the one before is kept.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { KeptMail } from '../../../src/core/mail/mailbox.ts'
import { goodPassword } from '../../fixtures.ts'
import { assertProblem } from '../fixtures.ts'
import { onEveryEngine, type Site, tokenIn } from './site.ts'

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)].map((each) => each.toString('hex')) as [
  string,
  string,
]
const before = { auth: { secretKey: oldKey }, accounts: { registration: 'open' } } as const
const after = { secretKey: newKey, previousSecretKeys: [oldKey] }

const restore = (site: Site, mail: KeptMail | undefined) =>
  site.call('POST', '/auth/email/restore', { token: tokenIn(mail as KeptMail) })
const register = async (site: Site): Promise<string> => {
  await site.call('POST', '/auth/register', { email: 'new@example.com' })
  return await site.tokenOf('registration')
}
const complete = (site: Site, token: string, username: string) =>
  site.call('POST', '/auth/register/complete', { token, username, password: goodPassword })

/** Changes the address, and returns the mail with the link that takes it back. */
async function change(site: Site, token: string, email: string): Promise<KeptMail | undefined> {
  await site.call('PUT', '/me/email', { email }, { token })
  const code = (await site.sent()).find((mail) => mail.code !== null)?.code
  const answer = await site.call('POST', '/me/email/confirm', { code }, { token })
  assert.equal(answer.statusCode, 200, answer.body)
  return (await site.sent()).find(({ kind }) => kind === 'email_changed')
}

onEveryEngine((open) => {
  test('a restored address ends the links of later changes, made under either secret (AC-61)', async () => {
    const site = await open(before)
    const id = await site.user('alice')
    const token = await site.login('alice')
    const first = await change(site, token, 'thief@example.net')
    const second = await change(site, token, 'thief2@example.net')
    const later = await site.twin(after)
    const third = await change(later, await later.login('alice'), 'thief3@example.net')
    assert.equal((await restore(later, first)).statusCode, 204)
    for (const each of [second, third]) assertProblem(await restore(later, each), 410)
    assert.equal((await site.auth.users.find(id))?.email, 'alice@example.com')
  })

  test('an administrator’s change ends the links of changes, made under either secret (AC-61)', async () => {
    for (const key of [oldKey, newKey]) {
      const site = await open(before)
      const id = await site.user('alice')
      const link = await change(site, await site.login('alice'), 'new@example.net')
      const now = await site.twin(key === oldKey ? {} : after)
      await now.auth.users.setEmail(id, 'chosen@example.com', { verified: true })
      assertProblem(await restore(now, link), 410)
    }
  })

  test('one registration link of an address counts, whatever secret it was made under', async () => {
    const site = await open(before)
    const older = await register(site)
    const later = await site.twin(after)
    const newer = await register(later)
    assertProblem(await complete(later, older, 'first'), 410)
    assert.equal((await complete(later, newer, 'second')).statusCode, 201)
  })

  test('a verified address ends every link about it, made under either secret', async () => {
    const site = await open(before)
    const invitation = { email: 'new@example.com' }
    await site.auth.accounts.invitations?.create(invitation)
    const link = await site.tokenOf('invitation')
    const later = await site.twin(after)
    assert.equal((await complete(later, await register(later), 'newcomer')).statusCode, 201)
    const body = { token: link, username: 'guest', password: goodPassword }
    assertProblem(await later.call('POST', '/auth/invitation/accept', body), 410)
  })

  test('an invitation is sent again under the new secret to who asks for a password', async () => {
    const site = await open(before)
    await site.auth.accounts.invitations?.create({ email: 'guest@example.com' })
    const older = await site.tokenOf('invitation')
    const later = await site.twin(after)
    await later.call('POST', '/auth/password-reset', { email: 'guest@example.com' })
    const newer = await later.tokenOf('invitation')
    const accept = (token: string) =>
      later.call('POST', '/auth/invitation/accept', { token, password: goodPassword })
    assertProblem(await accept(older), 410)
    assert.equal((await accept(newer)).statusCode, 201)
  })
})
