import type { Auth } from '../../core/auth.ts'
import type {
  AddedPasskey as Added,
  Passkeys,
  ShownPasskey,
} from '../../core/factors/passkeys/passkey-calls.ts'
import type { PasskeyLogins } from '../../core/factors/passkeys/passkey-logins.ts'
import { internals } from '../../core/internals.ts'
import { tokensAfterEnrolment, unlessEnded } from './enrolled-login.ts'
import { factorAnswer, nameIn } from './factor-answers.ts'
import { type Enrolling, enrollingUser } from './factor-guards.ts'
import { type JsonEndpoint, type JsonOrigin, jsonEndpoint } from './json-endpoint.ts'
import { optional } from './json-members.ts'
import { ownRequest, sessionNeeded } from './own-account.ts'
import {
  AddedPasskey,
  challengeAnswer,
  PasskeyChallengeAnswer,
  passkeyMembers,
} from './passkey-answers.ts'

const common = {
  tag: 'me',
  sharesPath: true,
  isOn: ({ factors }: Auth): boolean => factors?.passkeys != null,
  guard: enrollingUser,
} as const

/** There are some where `isOn` says so. */
const ownOf = ({ factors }: Auth): Passkeys => factors?.passkeys as Passkeys
const loginsOf = (auth: Auth): PasskeyLogins => auth[internals].second?.passkeys as PasskeyLogins

/** A user is about to make a passkey. */
const beginPasskeyEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/factors/passkeys/challenge',
  operationId: 'beginPasskey',
  summary: 'Begin to make a passkey',
  description:
    'For `navigator.credentials.create()`. Good for 5 minutes, in this login. The `mfa_token` of a login that has to set up a factor will do as the access token.',
  success: {
    status: 200,
    description: 'What the browser is asked with',
    schema: PasskeyChallengeAnswer,
  },
  refusals: { 422: 'There are ten factors already', ...sessionNeeded },
  async answer(auth, _none, origin, { own, login }) {
    if (own === null) return challengeAnswer(await loginsOf(auth).beginWithin(login))
    const { userId, sessionId } = ownRequest(own, origin)
    return challengeAnswer(await ownOf(auth).begin({ userId, sessionId }))
  },
})

/** The browser has made one. */
const addPasskeyEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/factors/passkeys',
  operationId: 'addPasskey',
  summary: 'Add a passkey',
  description:
    'The first factor ends every other login of the user, and brings recovery codes. With an `mfa_token` the answer also has the tokens of the login, unless it cannot go on. No statement about the make of the device is read.',
  body: 'NewPasskey',
  members: { ...passkeyMembers, name: optional({ description: 'What the user calls it' }) },
  success: { status: 201, description: 'The passkey counts from now on', schema: AddedPasskey },
  refusals: {
    409: 'The passkey is known already',
    410: 'The challenge has ended: begin again',
    422: 'The passkey or the name cannot be one, or there are ten factors already',
    ...sessionNeeded,
  },
  async answer(auth, { challenge_id, credential, name }, origin, enrolling) {
    const shown = { challengeId: challenge_id, credential, name: nameIn(name) }
    const { login } = enrolling
    const { added, tokens } = login
      ? await addWithin(auth, shown, origin, enrolling)
      : { added: await addOwn(auth, shown, origin, enrolling), tokens: {} }
    const { factor, recoveryCodes } = added
    return {
      ...factorAnswer(factor),
      ...(recoveryCodes && { recovery_codes: recoveryCodes }),
      ...tokens,
    }
  },
})

type Given = ShownPasskey & { readonly name: string | undefined }

async function addOwn(
  auth: Auth,
  given: Given,
  origin: JsonOrigin,
  { own }: Extract<Enrolling, { login: null }>,
): Promise<Added> {
  return await ownOf(auth).add({ ...ownRequest(own, origin), ...given })
}

async function addWithin(
  auth: Auth,
  given: Given,
  origin: JsonOrigin,
  { login }: Extract<Enrolling, { own: null }>,
): Promise<{ readonly added: Added; readonly tokens: object }> {
  const { address, userAgent, requestId } = origin
  const from = { address, userAgent, requestId }
  const { userId } = login
  const added = await unlessEnded(loginsOf(auth).addWithin({ userId, login, ...given, ...from }))
  const { recoveryCodes, proof } = added
  return { added, tokens: await tokensAfterEnrolment(auth, login, from, recoveryCodes, proof) }
}

/** How users come to passkeys. */
export const ownPasskeyEndpoints: readonly JsonEndpoint[] = [
  beginPasskeyEndpoint,
  addPasskeyEndpoint,
]
