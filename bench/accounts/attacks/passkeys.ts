// Attacks with passkeys: replays, challenges of something else, credentials of somebody else, and altered ones.

import type { Altered } from '../../../test/server/factors/authenticator.ts'
import { makeAuthenticator } from '../../../test/server/factors/authenticator.ts'
import { mfaToken } from '../../../test/server/factors/device.ts'
import {
  add,
  addPasskey,
  asked,
  type Challenge,
  creation,
  logInByPasskey,
  showAlone,
  showSecond,
} from '../../../test/server/factors/passkey-user.ts'
import { type Attack, count, inTurn, succeeded, type World } from './world.ts'

const stepUp = (
  { spy }: World,
  turn: number,
  token: string,
  { challenge_id }: Challenge,
  credential: object,
) => spy(turn).call('POST', '/auth/step-up', { challenge_id, credential }, { token })

/** What an honest browser does not say. */
const altered: readonly Altered[] = [
  ...['https://evil.example.test', 'https://auth.example.test:8443'].map((origin) => ({ origin })),
  ...['http://auth.example.test', 'https://x.auth.example.test'].map((origin) => ({ origin })),
  { type: 'webauthn.create' },
  { challenge: Buffer.alloc(32).toString('base64url') },
  ...[{ rpId: 'example.test' }, { rpId: 'evil.example.test' }, { present: false }],
  ...[{ clientData: { crossOrigin: true } }, { clientData: { topOrigin: 'https://evil.test' } }],
  ...[{ eligible: false, backedUp: true }, { eligible: false, backedUp: false }, { flipped: true }],
  { userHandle: Buffer.alloc(32, 1).toString('base64url') },
  { userHandle: null },
]

export const passkeyAttacks: Readonly<Record<string, Attack>> = {
  async 'one credential, 50 times at once, at both processes'({ victim, two, all }) {
    const challenge = await asked(two)
    const credential = victim.synced.get(challenge.public_key)
    return count(await all(50, (at) => showAlone(at, challenge, credential)), 1)
  },
  async 'a used credential, at both processes, now and later'({ victim, one, spy, clock }) {
    const challenge = await asked(one)
    const credential = victim.synced.get(challenge.public_key)
    succeeded(await showAlone(spy(0), challenge, credential))
    const replay = [0, 1].map((turn) => () => showAlone(spy(turn), challenge, credential))
    const now = await inTurn(replay)
    clock.advance(301)
    return count([...now, ...(await inTurn(replay))])
  },
  async 'one counter with 50 challenges at once, at both processes'({ victim, all, atOnce }) {
    const challenges = await atOnce(50, (at) => asked(at))
    const counter = 1000
    const answers = await all(50, (at, index) => {
      const challenge = challenges[index] as Challenge
      return showAlone(at, challenge, victim.bound.get(challenge.public_key, { counter }))
    })
    return count(answers, 1)
  },
  async 'a counter that goes back, at both processes'({ victim, spy }) {
    succeeded(await logInByPasskey(spy(0), victim.bound, { counter: 5000 }))
    const back = [5000, 4999, 1001, 1, 0]
    return count(
      await inTurn(
        back.map((counter, turn) => () => logInByPasskey(spy(turn), victim.bound, { counter })),
      ),
    )
  },
  async 'challenges of another purpose, session, login and user'(world) {
    const { victim, mallory, one, two, begun, spy } = world
    const token = await begun(10)
    const strong = async (key = victim.synced): Promise<string> =>
      succeeded(await logInByPasskey(spy(9), key)).json().access_token
    const [here, elsewhere, hers] = [await strong(), await strong(), await strong(mallory.synced)]
    const challenges = {
      login: await asked(one),
      'step-up': await asked(two, here),
      'step-up elsewhere': await asked(one, elsewhere),
      'step-up of another': await asked(two, hers),
      second: await asked(one, token(0)),
      'second of another login': await asked(two, token(1)),
      enrol: await creation(one, here),
      'enrol elsewhere': await creation(two, elsewhere),
      'enrol of another': await creation(one, hers),
    }
    let turn = 0
    const uses = Object.entries(challenges).flatMap(([name, challenge]) => {
      const at = turn++
      const signed = () => victim.synced.get(challenge.public_key)
      const made = () => makeAuthenticator().create(challenge.public_key)
      // Each in a login of its own: five wrong ones end one.
      const ofLogin = name === 'second of another login' ? token(0) : token(2 + (at % 8))
      return [
        ...(name === 'login' ? [] : [() => showAlone(spy(at), challenge, signed())]),
        ...(name === 'step-up' ? [] : [() => stepUp(world, at + 10, here, challenge, signed())]),
        () => showSecond(spy(at + 20), ofLogin, challenge, signed()),
        ...(name === 'enrol' ? [] : [() => add(spy(at + 30), here, challenge, made())]),
      ]
    })
    return count(await inTurn(uses))
  },
  async 'a credential of another user, in each place'(world) {
    const { victim, mallory, one, two, begun, spy, at } = world
    const token = await begun(3)
    const here = succeeded(await logInByPasskey(spy(0), victim.synced)).json().access_token
    const { public_key } = await creation(one, here)
    const handles: readonly Altered[] = [
      {},
      { userHandle: null },
      ...(public_key.user ? [{ userHandle: public_key.user.id }] : []),
    ]
    const known = await creation(two, here)
    const answers = await inTurn([
      ...handles.map((more, turn) => async () => {
        const challenge = await asked(at(turn), token(turn))
        const credential = mallory.synced.get(challenge.public_key, more)
        return await showSecond(spy(turn), token(turn), challenge, credential)
      }),
      ...handles.map((more, turn) => async () => {
        const challenge = await asked(at(turn), here)
        const credential = mallory.synced.get(challenge.public_key, more)
        return await stepUp(world, turn + 10, here, challenge, credential)
      }),
      // Under the id of the passkey of the victim, and with the handle of the victim.
      ...handles.slice(1).map((more, turn) => async () => {
        const challenge = await asked(at(turn))
        const { id } = victim.synced
        const credential = mallory.synced.get(challenge.public_key, { ...more, id })
        return await showAlone(spy(turn + 20), challenge, credential)
      }),
      async () => {
        const challenge = await asked(one)
        const credential = mallory.synced.get(challenge.public_key, handles[2])
        return await showAlone(spy(30), challenge, credential)
      },
      // Registered again, by somebody else.
      () => add(spy(31), here, known, mallory.synced.get(known.public_key)),
      async () => {
        const challenge = await creation(one, here)
        return await add(spy(32), here, challenge, mallory.synced.create(challenge.public_key))
      },
    ])
    return count(answers)
  },
  async 'what an honest browser does not say'({ victim, spy }) {
    return count(
      await inTurn(
        altered.map((more, turn) => () => logInByPasskey(spy(turn), victim.synced, more)),
      ),
    )
  },
  async 'a passkey that has not verified its user, alone'({ victim, spy }) {
    const unverified = [0, 1].map(
      (turn) => () => logInByPasskey(spy(turn), victim.synced, { verified: false }),
    )
    return count(await inTurn(unverified))
  },
  async 'a passkey that was removed at the other process'({ victim, one, two, spy }) {
    const key = makeAuthenticator({ counts: false, synced: true })
    const token = succeeded(await logInByPasskey(spy(0), victim.synced)).json().access_token
    const id = await addPasskey(one, token, key)
    const before = [await asked(one), await asked(two)]
    succeeded(await two.call('DELETE', `/me/factors/${id}`, undefined, { token }))
    return count(
      await inTurn(
        before.map((each, turn) => () => showAlone(spy(turn), each, key.get(each.public_key))),
      ),
    )
  },
  async 'a passkey as the second factor, after another user’s password'({
    victim,
    mallory,
    one,
    spy,
  }) {
    const token = await mfaToken(one, mallory.username)
    const challenge = await asked(one, token)
    const credential = victim.synced.get(challenge.public_key)
    return count(
      await inTurn([0, 1].map((turn) => () => showSecond(spy(turn), token, challenge, credential))),
    )
  },
}
