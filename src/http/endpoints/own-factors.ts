import type { Auth } from '../../core/auth.ts'
import type { ConfirmedFactor, Factors } from '../../core/factors/factor-calls.ts'
import type { SecondFactor } from '../../core/factors/second-factor.ts'
import { internals } from '../../core/internals.ts'
import { tokensAfterEnrolment, unlessEnded } from './enrolled-login.ts'
import {
  enrolledMembers,
  FactorAnswer,
  FactorList,
  factorAnswer,
  nameIn,
  RecoveryCodes,
} from './factor-answers.ts'
import { confirmingUser, type Enrolling, enrollingUser, strongSelf } from './factor-guards.ts'
import { type JsonEndpoint, type JsonOrigin, jsonEndpoint } from './json-endpoint.ts'
import { optional, required } from './json-members.ts'
import { ownRequest, self, sessionNeeded } from './own-account.ts'

const common = {
  tag: 'me',
  sharesPath: true,
  isOn: ({ factors }: Auth): boolean => factors !== null,
} as const

/** There are some where `isOn` says so. */
const factorsOf = ({ factors }: Auth): Factors => factors as Factors

const noFactor = { 404: 'There is no such second factor' } as const

/** What a user has. */
const listOwnFactorsEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'GET',
  path: '/factors',
  operationId: 'listMyFactors',
  summary: 'My second factors',
  guard: self,
  success: { status: 200, description: 'The second factors of the user', schema: FactorList },
  async answer(auth, _none, _origin, { user }) {
    const [factors, left] = await Promise.all([
      factorsOf(auth).list(user.id),
      factorsOf(auth).recoveryCodesLeft(user.id),
    ])
    return { factors: factors.map(factorAnswer), recovery_codes_left: left }
  },
})

/** A user sets an authenticator app up. */
const beginTotpEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/factors/totp',
  operationId: 'beginTotp',
  summary: 'Set up an authenticator app',
  description:
    'The secret is shown here once. The app counts when a code of it has confirmed it, within 10 minutes. The `mfa_token` of a login that has to set up a factor will do as the access token.',
  body: 'NewTotp',
  members: { name: optional({ description: 'What the user calls the app' }) },
  guard: enrollingUser,
  success: {
    status: 201,
    description: 'What the app is set up with: the picture of the link is to be scanned',
    schema: {
      title: 'TotpEnrolment',
      type: 'object',
      required: ['id', 'secret', 'otpauth_uri', 'qr_svg'],
      properties: {
        id: { type: 'string' },
        secret: { type: 'string', description: 'In base32' },
        otpauth_uri: { type: 'string' },
        qr_svg: { type: 'string', description: 'An SVG document' },
      },
    },
  },
  refusals: { 422: 'The name cannot be one, or there are ten factors already' },
  async answer(auth, { name }, origin, { own, login }) {
    const userId = own?.user.id ?? login?.userId ?? ''
    const begun = await factorsOf(auth).beginTotp({
      userId,
      name: nameIn(name),
      ...originOf(origin),
    })
    const { id, secret, otpauthUri, qrSvg } = begun
    return { id, secret, otpauth_uri: otpauthUri, qr_svg: qrSvg }
  },
})

/** The code of the app has come back. */
const confirmTotpEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/factors/totp/:id/confirm',
  operationId: 'confirmTotp',
  summary: 'Confirm an authenticator app',
  description:
    'The first factor ends every other login of the user, and brings recovery codes. With an `mfa_token` the answer also has the tokens of the login, unless it cannot go on.',
  body: 'TotpCode',
  members: { otp: required({ description: 'The six digits that the app shows' }) },
  guard: confirmingUser,
  success: {
    status: 200,
    description: 'The app counts from now on',
    schema: {
      title: 'ConfirmedTotp',
      type: 'object',
      properties: enrolledMembers,
    },
  },
  refusals: {
    404: 'The enrolment has ended: begin again',
    422: 'The code is not right, or there are ten factors already',
    ...sessionNeeded,
  },
  async answer(auth, { otp }, origin, enrolling, id) {
    const { recoveryCodes } = await confirm(auth, { id, otp }, origin, enrolling)
    const { login } = enrolling
    const from = originOf(origin)
    const tokens = login && (await tokensAfterEnrolment(auth, login, from, recoveryCodes))
    return { ...(recoveryCodes && { recovery_codes: recoveryCodes }), ...tokens }
  },
})

async function confirm(
  auth: Auth,
  given: { readonly id: string; readonly otp: string },
  origin: JsonOrigin,
  { own, login }: Enrolling,
): Promise<ConfirmedFactor> {
  const code = { ...given, ...originOf(origin) }
  if (own !== null) {
    const { userId, sessionId, token } = ownRequest(own, origin)
    return await factorsOf(auth).confirmTotp({ userId, ...code, sessionId, token })
  }
  const second = auth[internals].second as SecondFactor
  return await unlessEnded(second.confirmWithin({ userId: login.userId, ...code, login }))
}

/** Another name. */
const renameFactorEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'PATCH',
  path: '/factors/:id',
  operationId: 'renameMyFactor',
  summary: 'Rename a second factor',
  body: 'FactorName',
  members: { name: required() },
  guard: strongSelf,
  success: { status: 200, description: 'The factor with its new name', schema: FactorAnswer },
  refusals: { ...noFactor, 422: 'The name cannot be one' },
  async answer(auth, { name }, origin, { user }, id) {
    const request = { userId: user.id, id, name, ...originOf(origin) }
    return factorAnswer(await factorsOf(auth).rename(request))
  },
})

/** One less. */
const removeFactorEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'DELETE',
  path: '/factors/:id',
  operationId: 'removeMyFactor',
  summary: 'Remove a second factor',
  description: 'With the last one the recovery codes end, and logins ask for the password alone.',
  guard: strongSelf,
  success: { status: 204, description: 'The factor is removed', schema: null },
  refusals: {
    ...noFactor,
    409: 'It is the last one, and the role of the user demands one, or it is the last passkey of a user without a password',
  },
  async answer(auth, _none, origin, { user }, id) {
    await factorsOf(auth).remove({ userId: user.id, id, ...originOf(origin) })
    return null
  },
})

/** New recovery codes. */
const renewRecoveryCodesEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/recovery-codes',
  operationId: 'renewMyRecoveryCodes',
  summary: 'Make new recovery codes',
  description: 'Each stands in once for the second factor. The older ones are refused from now on.',
  guard: strongSelf,
  success: { status: 201, description: 'To be shown once', schema: RecoveryCodes },
  refusals: { 404: 'There is no second factor that they would stand in for' },
  async answer(auth, _none, origin, { user }) {
    const request = { userId: user.id, ...originOf(origin) }
    return { recovery_codes: await factorsOf(auth).renewRecoveryCodes(request) }
  },
})

function originOf({
  address,
  userAgent,
  requestId,
}: JsonOrigin): Pick<JsonOrigin, 'address' | 'userAgent' | 'requestId'> {
  return { address, userAgent, requestId }
}

/** What users do with their second factors. */
export const ownFactorEndpoints: readonly JsonEndpoint[] = [
  listOwnFactorsEndpoint,
  beginTotpEndpoint,
  confirmTotpEndpoint,
  renameFactorEndpoint,
  removeFactorEndpoint,
  renewRecoveryCodesEndpoint,
]
