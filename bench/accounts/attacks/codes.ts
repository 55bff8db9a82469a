// Attacks with codes of apps, recovery codes, and the tokens of logins that wait for them.

import type { LightMyRequestResponse } from 'fastify'
import {
  enrol,
  grant,
  mfaToken,
  otpGrant,
  password,
  showOtp,
  showRecovery,
} from '../../../test/server/factors/device.ts'
import { type Attack, count, inTurn, succeeded } from './world.ts'

export const codeAttacks: Readonly<Record<string, Attack>> = {
  async 'one code in 50 logins at once, at both processes'({ victim, all, begun }) {
    const token = await begun(50)
    return count(await all(50, (at, index) => showOtp(at, token(index), victim.device.code())), 1)
  },
  async 'one login with 50 right codes at once, at both processes'({ victim, all, begun }) {
    const token = (await begun(1))(0)
    const { device, recoveryCodes } = victim
    const answers = await all(50, (at, index) =>
      index % 5 === 0
        ? showRecovery(at, token, recoveryCodes[(index / 5) % 8] ?? '')
        : showOtp(at, token, device.code((index % 3) - 1)),
    )
    return count(answers, 1)
  },
  async 'a used code, and older ones, at the other process'({ victim, spy, begun, clock }) {
    clock.advance(60)
    const token = await begun(7)
    succeeded(await showOtp(spy(0), token(0), victim.device.code(1)))
    const steps = [-1, 0, 1].flatMap((step) => [step, step])
    const show = (step: number, index: number) => () =>
      showOtp(spy(index + 1), token(index + 1), victim.device.code(step))
    return count(await inTurn(steps.map(show)))
  },
  async 'a recovery code in 50 logins at once, at both processes'({ victim, all, begun }) {
    const token = await begun(50)
    const code = victim.recoveryCodes[7] ?? ''
    return count(await all(50, (at, index) => showRecovery(at, token(index), code)), 1)
  },
  async 'a used token with right codes, at both processes'({ victim, spy, begun, clock }) {
    clock.advance(90)
    const token = (await begun(1))(0)
    succeeded(await showOtp(spy(0), token, victim.device.code(-1)))
    const { device, recoveryCodes } = victim
    return count(
      await inTurn([
        ...[0, 1].map((step) => () => showOtp(spy(step), token, device.code(step))),
        ...[5, 6].map((at) => () => showRecovery(spy(at), token, recoveryCodes[at] ?? '')),
      ]),
    )
  },
  async 'the right code after five wrong ones, at both processes'({ victim, all, begun, spy }) {
    const token = (await begun(1))(0)
    await all(50, (at) => showOtp(at, token, victim.device.wrong()))
    return count(
      await inTurn([0, 1].map((at) => () => showOtp(spy(at), token, victim.device.code()))),
    )
  },
  async 'guesses over many logins, each with the right password, at both processes'(world) {
    const { at, one, newName } = world
    const username = newName()
    const { device } = await enrol(one, username)
    const answers: LightMyRequestResponse[] = []
    for (let guess = 0; guess < 60; guess++) {
      answers.push(await showOtp(at(guess), await mfaToken(at(guess), username), device.wrong()))
    }
    const found = count(answers)
    const { attempts, accepted, statuses } = found
    // Six are looked at: the rest is told to come later, whatever it is.
    const looked = attempts - (statuses[429] ?? 0)
    return { ...found, accepted: accepted + Math.max(0, looked - 6) }
  },
  async 'the password alone, and with what is no code'({ victim, spy }) {
    const { username, recoveryCodes, device } = victim
    const none = ['', '000000', '٠١٢٣٤٥', '      ', recoveryCodes[0] ?? '', device.code().slice(1)]
    const fields = none.map((otp) => (otp === '' ? {} : { otp }))
    return count(
      await inTurn([
        ...fields.map((more, index) => () => password(spy(index), username, more)),
        () => password(spy(10), username, { password: recoveryCodes[1] ?? '' }),
        () => password(spy(11), username, { mfa_token: '', grant_type: 'password' }),
        () => grant(spy(12), { grant_type: otpGrant, mfa_token: '', otp: device.code() }),
      ]),
    )
  },
}
