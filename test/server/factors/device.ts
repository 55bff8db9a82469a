// An authenticator app of a test, and what users do with it over HTTP.

import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import { decodeJwt, type JWTPayload } from 'jose'
import { hotp, stepAt } from '../../../src/core/factors/totp.ts'
import { goodPassword } from '../../fixtures.ts'
import type { Served } from '../accounts/site.ts'

export const otpGrant = 'urn:portcullis:grant-type:mfa-otp'
export const recoveryGrant = 'urn:portcullis:grant-type:mfa-recovery-code'

/** The bytes of a text in base32. */
export function decodeBase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  const bytes = bits.join('').match(/[01]{8}/g) ?? []
  return Buffer.from(bytes.map((each) => Number.parseInt(each, 2)))
}

export interface Device {
  readonly id: string
  readonly secret: string
  /** The code that it shows, or one of steps before or after. */
  code(steps?: number): string
  /** A code that it shows in none of the steps around now. */
  wrong(): string
}

/** A user with a device. */
export interface Enrolled {
  readonly userId: string
  readonly device: Device
  /** The access token that it was set up with. */
  readonly token: string
  readonly recoveryCodes: readonly string[]
}

export function deviceOf(
  { clock }: { readonly clock: () => number },
  { id, secret }: Pick<Device, 'id' | 'secret'>,
): Device {
  const code = (steps = 0): string => hotp(decodeBase32(secret), stepAt(clock()) + steps)
  return {
    ...{ id, secret, code },
    wrong() {
      const right = [-2, -1, 0, 1, 2].map(code)
      return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
        (each) => !right.includes(each),
      ) as string
    },
  }
}

/** Begins to set a device up. */
export async function begin(site: Served, token: string, name = 'phone'): Promise<Device> {
  const answer = await site.call('POST', '/me/factors/totp', { name }, { token })
  assert.equal(answer.statusCode, 201, answer.body)
  return deviceOf(site, answer.json())
}

export const confirm = (
  site: Served,
  token: string,
  { id }: Pick<Device, 'id'>,
  otp: string,
): Promise<LightMyRequestResponse> =>
  site.call('POST', `/me/factors/totp/${id}/confirm`, { otp }, { token })

/** Makes a user, and sets a device up. The next code of it is another one. */
export async function enrol(site: Served, name: string, role?: string): Promise<Enrolled> {
  const userId = await site.user(name, role === undefined ? {} : { role })
  const token = await site.login(name)
  const device = await begin(site, token)
  const answer = await confirm(site, token, device, device.code())
  assert.equal(answer.statusCode, 200, answer.body)
  site.clock.advance(30)
  return { userId, device, token, recoveryCodes: answer.json().recovery_codes }
}

/** A form to the token endpoint, from another address each time. */
export const grant = (
  site: Served,
  fields: Readonly<Record<string, string>>,
  from?: string,
): Promise<LightMyRequestResponse> =>
  site.call('POST', '/auth/token', new URLSearchParams(fields).toString(), {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...(from !== undefined && { from }),
  })

export const password = (
  site: Served,
  username: string,
  more: Readonly<Record<string, string>> = {},
  from?: string,
): Promise<LightMyRequestResponse> =>
  grant(site, { username, password: goodPassword, ...more }, from)

/** The token of a login whose password was right. */
export async function mfaToken(site: Served, username: string): Promise<string> {
  const answer = await password(site, username)
  assert.equal(answer.statusCode, 403, answer.body)
  return answer.json().mfa_token
}

export const showOtp = (
  site: Served,
  token: string,
  otp: string,
  from?: string,
): Promise<LightMyRequestResponse> =>
  grant(site, { grant_type: otpGrant, mfa_token: token, otp }, from)
export const showRecovery = (
  site: Served,
  token: string,
  code: string,
  from?: string,
): Promise<LightMyRequestResponse> =>
  grant(site, { grant_type: recoveryGrant, mfa_token: token, recovery_code: code }, from)

/** A login with both factors. */
export async function logInWithBoth(
  site: Served,
  username: string,
  device: Device,
): Promise<{ readonly access_token: string; readonly refresh_token: string }> {
  const answer = await showOtp(site, await mfaToken(site, username), device.code())
  assert.equal(answer.statusCode, 200, answer.body)
  site.clock.advance(30)
  return answer.json()
}

/** The claims of a token. */
export const claimsOf = (token: string): JWTPayload => decodeJwt(token)

/** The `error` of an OAuth answer, with its status. */
export const errorOf = (answer: LightMyRequestResponse): string =>
  `${answer.statusCode} ${answer.statusCode === 200 ? 'OK' : (answer.json().error ?? answer.json().code)}`
