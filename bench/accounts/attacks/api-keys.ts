// Attacks with API keys: what belongs to accounts, keys that have ended, and texts that are none.

import { goodPassword } from '../../../test/fixtures.ts'
import { grant } from '../../../test/server/factors/device.ts'
import { type Attack, count, inTurn, succeeded, type World } from './world.ts'

interface Made {
  readonly id: string
  readonly key: string
}

/** A key of a user without a factor, who has an administrator's permissions if told so. */
async function make({ one, newName }: World, role: string, scope: string) {
  const username = newName()
  const userId = await one.user(username, { role })
  const token = await one.login(username)
  const made = await one.call('POST', '/me/keys', { name: 'backup', scope }, { token })
  return { ...(succeeded(made).json() as Made), userId, token, username }
}

export const apiKeyAttacks: Readonly<Record<string, Attack>> = {
  async 'an API key at every route of an account'(world) {
    const { at, victim } = world
    const { key, id } = await make(world, 'editor', 'items:read')
    const factor = victim.device.id
    const routes = [
      ['POST', '/me/keys', { name: 'another', scope: '' }],
      ...(['/me/keys', `/me/keys/${id}`, '/me', '/me/email', '/me/sessions'] as const).map(
        (url) => ['DELETE', url] as const,
      ),
      ['PATCH', '/me', { username: 'mallory' }],
      ['PUT', '/me/email', { email: 'mallory@example.org' }],
      [
        'PUT',
        '/me/password',
        { old_password: goodPassword, new_password: 'seven other words of it' },
      ],
      ['POST', '/me/factors/totp', {}],
      ['POST', `/me/factors/totp/${factor}/confirm`, { otp: '123456' }],
      ['POST', '/me/factors/passkeys/challenge'],
      ['PATCH', `/me/factors/${factor}`, { name: 'mine' }],
      ['DELETE', `/me/factors/${factor}`],
      ['POST', '/me/recovery-codes'],
      ['POST', '/auth/step-up', { password: goodPassword }],
      ...(['/me/sessions', '/me/keys', '/me/factors', '/me/export'] as const).map(
        (url) => ['GET', url] as const,
      ),
    ] as const
    const asked = routes.flatMap(([method, url, body]) =>
      [0, 1].map((turn) => () => at(turn).call(method, url, body, { token: key })),
    )
    return count(await inTurn(asked))
  },
  async 'an API key whose user’s role demands a factor'(world) {
    const { at, one, administrator } = world
    const { key, userId } = await make(world, 'editor', 'items:read')
    const admin = { token: await administrator() }
    succeeded(await one.call('PUT', `/admin/users/${userId}/role`, { role: 'admin' }, admin))
    const urls = ['/me', '/admin/users', '/admin/stats', `/admin/users/${userId}`]
    const asked = urls.flatMap((url) =>
      [0, 1].map((turn) => () => at(turn).call('GET', url, undefined, { token: key })),
    )
    return count(await inTurn(asked))
  },
  async 'API keys that ended at the other process'(world) {
    const { at, clock, administrator } = world
    const answers = []
    for (const turn of [0, 1]) {
      const [here, there] = [at(turn), at(turn + 1)]
      const ended = await make(world, 'editor', '')
      const shut = await make(world, 'editor', '')
      const gone = await make(world, 'editor', '')
      const keys = [ended, shut, gone].map(({ key }) => key)
      const ask = (key: string) => () => there.call('GET', '/me', undefined, { token: key })
      for (const answer of await inTurn(keys.map(ask))) succeeded(answer)
      const admin = { token: await administrator() }
      succeeded(
        await here.call('DELETE', `/me/keys/${ended.id}`, undefined, { token: ended.token }),
      )
      succeeded(await here.call('POST', `/admin/users/${shut.userId}/deactivate`, undefined, admin))
      succeeded(await here.call('DELETE', `/admin/users/${gone.userId}`, undefined, admin))
      const old = await make(world, 'editor', '')
      answers.push(...(await inTurn(keys.map(ask))))
      clock.advance(90 * 86_400)
      answers.push(await ask(old.key)())
    }
    return count(answers)
  },
  async 'API keys as what they are not, and texts that are almost one'(world) {
    const { at, begun, victim } = world
    const { key, username } = await make(world, 'editor', '')
    const token = (await begun(1))(0)
    const flipped = Array.from(key.slice(5), (_, index) => {
      const place = index + 5
      return `${key.slice(0, place)}${key[place] === 'a' ? 'b' : 'a'}${key.slice(place + 1)}`
    })
    const me = (each: string) => at(each.length).call('GET', '/me', undefined, { token: each })
    const mfa = { grant_type: 'urn:portcullis:grant-type:mfa-otp', otp: victim.device.code() }
    return count(
      await inTurn([
        ...[...flipped, `${key}a`, key.slice(0, -1), key.slice(5)].map((each) => () => me(each)),
        () => grant(at(0), { grant_type: 'refresh_token', refresh_token: key }),
        () => grant(at(1), { username, password: key }),
        () => grant(at(0), { ...mfa, mfa_token: key }),
        () => me(token),
      ]),
    )
  },
  async 'the API key of somebody else, ended by a user who may not'(world) {
    const { at } = world
    const { id, userId } = await make(world, 'editor', '')
    const { token } = await make(world, 'editor', '')
    const urls = [
      `/me/keys/${id}`,
      `/admin/users/${userId}/keys/${id}`,
      `/admin/users/${userId}/keys`,
    ]
    const asked = urls.map((url, turn) => () => at(turn).call('DELETE', url, undefined, { token }))
    return count(await inTurn(asked))
  },
}
