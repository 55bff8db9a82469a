// No step of a flow can be left out, in whatever order the steps are tried.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { login, otherPassword } from '../fixtures.ts'
import { onEveryEngine, type Site, tokenIn } from './site.ts'

/** What somebody may try who reads the mails of mallory and of nobody else. */
const steps = [
  'ask for mallory',
  'ask for alice',
  'complete with the link of mallory',
  'complete without a token',
  'complete with an empty token',
  'complete with null',
  'complete as alice',
  'complete at the other flow',
  'register with the address of alice',
  'try the password at alice',
] as const
type Step = (typeof steps)[number]

async function take(site: Site, step: Step): Promise<void> {
  const link = site.box.mails.find(({ to, link }) => to === 'mallory@example.com' && link)
  const token = link ? tokenIn(link) : `pot_${'m'.repeat(43)}`
  const password = otherPassword
  const post = (path: string, body: object) => site.call('POST', path, body)
  const complete = (body: object) => post('/auth/password-reset/complete', { password, ...body })
  const bodies: Readonly<Record<Step, () => Promise<unknown>>> = {
    'ask for mallory': () => post('/auth/password-reset', { username: 'mallory' }),
    'ask for alice': () => post('/auth/password-reset', { username: 'alice' }),
    'complete with the link of mallory': () => complete({ token }),
    'complete without a token': () => complete({}),
    'complete with an empty token': () => complete({ token: '' }),
    'complete with null': () => complete({ token: null }),
    'complete as alice': () => complete({ token, username: 'alice', email: 'alice@example.com' }),
    'complete at the other flow': () =>
      post('/auth/register/complete', { token, username: 'alice2', password }),
    'register with the address of alice': () =>
      post('/auth/register', { email: 'alice@example.com' }),
    'try the password at alice': () => login(site.app, 'alice', { password }),
  }
  await bodies[step]()
  await site.sent()
}

onEveryEngine((open) => {
  test('no order of calls gives a password to an account whose mails one cannot read (AC-34)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    const alice = await site.user('alice')
    await site.user('mallory')
    const before = (await site.dump()).users?.find((row) => (row as { id: string }).id === alice)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...steps), { maxLength: 8 }), async (order) => {
        for (const step of order) await take(site, step)
        // Limits and waits are no part of what is asked here.
        site.clock.advance(26 * 3600)
        const users = (await site.dump()).users ?? []
        assert.deepEqual(
          users.find((row) => (row as { id: string }).id === alice),
          before,
        )
        assert.equal(users.length, 2)
      }),
      { numRuns: 25 },
    )
    // What mallory may do works, so that the orders were no vain ones.
    await take(site, 'ask for mallory')
    await take(site, 'complete with the link of mallory')
    const payload = new URLSearchParams({ username: 'mallory', password: otherPassword }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal((await site.call('POST', '/auth/token', payload, { headers })).statusCode, 200)
  })
})
