// Ways that go around a factor: what was there before it, what opens sessions otherwise, and what changes factors.

import { goodPassword } from '../../../test/fixtures.ts'
import type { Served } from '../../../test/server/accounts/site.ts'
import { begin, confirm, enrol, grant, password } from '../../../test/server/factors/device.ts'
import { addPasskey } from '../../../test/server/factors/passkey-user.ts'
import { type Attack, count, inTurn, succeeded } from './world.ts'

const refresh = (at: Served, token: string) =>
  grant(at, { grant_type: 'refresh_token', refresh_token: token })
const tokenIn = (link: string): string => new URL(link).hash.replace('#token=', '')
const json = { 'content-type': 'application/json' }

/** Every change of factors, and what else needs one that is there. */
const dangerous = (factorId: string) =>
  [
    ...[['POST', '/me/factors/totp', {}] as const, ['POST', '/me/recovery-codes'] as const],
    ...[['PATCH', `/me/factors/${factorId}`, { name: 'mine' }] as const],
    ...[['DELETE', `/me/factors/${factorId}`] as const, ['POST', '/me/keys', keyAsked] as const],
    ...[['POST', '/me/factors/passkeys/challenge'] as const],
    ...[['PUT', '/me/email', { email: 'mallory@example.org' }] as const],
    ...[['DELETE', '/me/email'] as const, ['DELETE', '/me'] as const],
  ] as const
const keyAsked = { name: 'backup', scope: '' }

export const waysAround: Readonly<Record<string, Attack>> = {
  async 'the token of a login in every other place'({ victim, at, begun }) {
    const token = (await begun(1))(0)
    const own = dangerous(victim.device.id).map(
      ([method, url, body], turn) =>
        () =>
          at(turn).call(method, url, body, { token }),
    )
    return count(
      await inTurn([
        ...own,
        ...['/me', '/me/sessions', '/me/factors', '/me/keys', '/admin/users'].map(
          (url, turn) => () => at(turn).call('GET', url, undefined, { token }),
        ),
        () => at(0).call('POST', '/auth/step-up', { password: goodPassword }, { token }),
        () => refresh(at(1), token),
        () => password(at(0), victim.username, { password: token }),
      ]),
    )
  },
  async 'an access token from before the factor, of the session that goes on'({
    at,
    one,
    newName,
  }) {
    const { token, device } = await enrol(one, newName())
    succeeded(await at(1).call('GET', '/me', undefined, { token }))
    const own = dangerous(device.id).map(
      ([method, url, body], turn) =>
        () =>
          at(turn).call(method, url, body, { token }),
    )
    const stepUp = () => at(1).call('POST', '/auth/step-up', { password: goodPassword }, { token })
    return count(await inTurn([...own, stepUp]))
  },
  async 'an app that was begun before the first factor, confirmed after it'({ at, one, newName }) {
    const username = newName()
    await one.user(username)
    const token = await one.login(username)
    const device = await begin(one, token)
    await addPasskey(one, token)
    return count(
      await inTurn([0, 1].map((turn) => () => confirm(at(turn), token, device, device.code()))),
    )
  },
  async 'sessions and refresh tokens from before the first factor'({ at, one, two, newName }) {
    const username = newName()
    await one.user(username)
    const older = [one, two].map((each) => password(each, username))
    const tokens = (await Promise.all(older)).map((answer) => succeeded(answer).json())
    const token = await one.login(username)
    await addPasskey(two, token)
    return count(
      await inTurn(
        tokens.flatMap(({ access_token, refresh_token }) =>
          [0, 1].flatMap((turn) => [
            () => at(turn).call('GET', '/me', undefined, { token: access_token }),
            () => refresh(at(turn), refresh_token),
          ]),
        ),
      ),
    )
  },
  async 'a refresh, after a promotion to a role that demands a factor'(world) {
    const { at, one, two, newName, administrator } = world
    const username = newName()
    const id = await one.user(username)
    const { refresh_token, access_token } = succeeded(await password(two, username)).json()
    const admin = { token: await administrator() }
    succeeded(await one.call('PUT', `/admin/users/${id}/role`, { role: 'admin' }, admin))
    const refreshed = succeeded(await refresh(two, refresh_token)).json().access_token
    return count(
      await inTurn(
        [access_token, refreshed].flatMap((token) =>
          ['/me', '/admin/users', '/me/keys'].map(
            (url, turn) => () => at(turn).call('GET', url, undefined, { token }),
          ),
        ),
      ),
    )
  },
  async 'a reset of the password'({ at, one, newName, administrator }) {
    const username = newName()
    const { userId } = await enrol(one, username)
    const admin = { token: await administrator(), headers: json }
    const asked = await one.call(
      ...(['POST', `/admin/users/${userId}/password-reset`, { return_link: true }, admin] as const),
    )
    const done = await one.call('POST', '/auth/password-reset/complete', {
      ...{ token: tokenIn(succeeded(asked).json().link), password: 'another good passphrase' },
    })
    const { access_token: token = '' } = succeeded(done).body === '' ? {} : done.json()
    const again = { password: 'another good passphrase' }
    return count(
      await inTurn([
        () => at(0).call('GET', '/me', undefined, { token }),
        ...[0, 1].map((turn) => () => password(at(turn), username, again)),
      ]),
    )
  },
  async 'an invitation to a role that demands a factor'({ at, one, newName, administrator }) {
    const username = newName()
    const invited = { username, email: `${username}@example.org`, role: 'admin', return_link: true }
    const admin = { token: await administrator() }
    const made = succeeded(await one.call('POST', '/admin/invitations', invited, admin))
    const body = { token: tokenIn(made.json().link), password: goodPassword }
    const accepted = succeeded(await one.call('POST', '/auth/invitation/accept', body)).json()
    return count(
      await inTurn([
        () => at(0).call('GET', '/me', undefined, { token: accepted.access_token ?? '' }),
        ...[0, 1].map((turn) => () => password(at(turn), username)),
      ]),
    )
  },
  async 'a token that leads to a factor, 50 times at once'({ atOnce, one, newName }) {
    const username = newName()
    await one.user(username, { role: 'admin' })
    const { mfa_token: token } = (await password(one, username)).json()
    const device = await begin(one, token)
    return count(await atOnce(50, (at) => confirm(at, token, device, device.code())), 1)
  },
}
