import type { Auth } from '../../core/auth.ts'
import { UserError } from '../../core/errors.ts'
import { actorOf } from '../../core/events/events.ts'
import type { ShownFactor } from '../../core/factors/factor-attempts.ts'
import { internals } from '../../core/internals.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import { type Authentication, byPassword, byTwoFactors } from '../../core/tokens/authentication.ts'
import type { User } from '../../core/users/user.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { scopesToday } from '../grants/scopes.ts'
import { BearerError, Refusal } from '../refusal.ts'
import { type Asking, askingTokenOf, askingUser, sessionOf } from './asking-user.ts'
import { type JsonEndpoint, type JsonOrigin, jsonEndpoint } from './json-endpoint.ts'
import { type Member, object, optional, password, required } from './json-members.ts'

/**
 * Step-up: the user of a session enters the password again. The answer is an access token of the same
 * session, which says so; the token that asked stays as it is. Wrong passwords count with those of logins.
 */
async function stepUp(
  auth: Auth,
  given: Given,
  request: JsonOrigin,
  { user, token }: Asking,
): Promise<object> {
  const sid = sessionOf(token)
  const { record, authentication } = await authenticate(auth, user, token, given, request)
  const client = await auth.clients.find(token.claims.client_id)
  const by = { actor: actorOf({ userId: user.id }), ...originOf(request) }
  const asked = { authentication, by, token: askingTokenOf(token) }
  const session = client && (await auth.sessions.reauthenticate(record, sid, asked))
  if (!session) throw new BearerError('invalid_token')
  const issued = await auth[internals].accessTokens.issue({
    subject: record.id,
    clientId: client.id,
    scopes: scopesToday(auth, record, client, token.scopes),
    role: record.role,
    endsWith: { sessionId: session.id },
    authentication: session,
    expiresBy: session.expiresAt,
  })
  return { access_token: issued.token, token_type: 'bearer', expires_in: issued.expiresIn }
}

/** What the user shows. */
interface Given {
  readonly password?: string | undefined
  readonly otp?: string | undefined
  readonly recovery_code?: string | undefined
  readonly challenge_id?: string | undefined
  readonly credential?: Readonly<Record<string, unknown>> | undefined
}

interface Authenticated {
  readonly record: UserRecord
  readonly authentication: Authentication
}

/** @throws {UserError} `password_incorrect`, `code_incorrect`, `passkey_refused`, `factor_needed` */
async function authenticate(
  auth: Auth,
  user: User,
  token: AccessToken,
  given: Given,
  request: JsonOrigin,
): Promise<Authenticated> {
  const { second, store } = auth[internals]
  const { password: typed } = given
  const shown = shownIn(given)
  if (typed === undefined && shown === undefined) {
    throw new Refusal(400, 'The member password is missing.')
  }
  const hasFactor = (await second?.demandOf(user)) === 'challenge'
  if (hasFactor !== (shown !== undefined)) {
    throw new UserError('factor_needed', [
      hasFactor
        ? 'The password alone is not enough: show the second factor.'
        : 'The user has no second factor: send the password.',
    ])
  }
  const record =
    typed === undefined
      ? await store.users.findById(user.id)
      : await withPassword(auth, user, token, typed, request)
  if (record === null) throw new BearerError('invalid_token')
  const now = auth.clock()
  if (!second || !shown) return { record, authentication: byPassword(now) }
  const attempt = { purpose: 'step-up', clientId: token.claims.client_id } as const
  const within = { sessionId: token.claims.sid, ...originOf(request) }
  const proved = await second.verify(record, shown, { ...attempt, ...within })
  if (proved === null) throw incorrect(shown)
  const before = typed === undefined ? (token.claims.amr ?? []) : ['pwd']
  return { record, authentication: byTwoFactors(now, before, proved.proof) }
}

function shownIn({ otp, recovery_code, challenge_id, credential }: Given): ShownFactor | undefined {
  if (otp !== undefined) return { otp }
  if (recovery_code !== undefined) return { recoveryCode: recovery_code }
  if (challenge_id === undefined && credential === undefined) return undefined
  if (challenge_id !== undefined && credential !== undefined) {
    return { passkey: { challengeId: challenge_id, credential } }
  }
  throw new Refusal(400, 'A passkey needs both the member challenge_id and the member credential.')
}

function incorrect({ passkey }: ShownFactor): UserError {
  return passkey === undefined
    ? new UserError('code_incorrect', ['The code is not right.'])
    : new UserError('passkey_refused', [
        'The passkey was not accepted: ask for a new challenge, and try again.',
      ])
}

/** @throws {UserError} `password_incorrect` */
async function withPassword(
  auth: Auth,
  { id, username }: User,
  { claims: { client_id: clientId } }: AccessToken,
  given: string,
  request: JsonOrigin,
): Promise<UserRecord> {
  const origin = { actor: actorOf({ userId: id }), ...originOf(request) }
  const credentials = {
    username,
    password: given,
    clientId,
    ...origin,
    purpose: 'step-up',
  } as const
  const record = await auth[internals].login.authenticate(credentials)
  // Another user may have got the name since the token was checked.
  if (record?.id !== id) throw new UserError('password_incorrect', ['The password is not right.'])
  return record
}

function originOf({ address, requestId }: JsonOrigin): {
  readonly address: string | undefined
  readonly requestId: string | undefined
} {
  return { address, requestId }
}

type StepUpMembers = Readonly<Partial<Record<keyof Given, Member>>>

const passwordAlone: StepUpMembers = {
  password: required({ ...password, description: 'The password of the user' }),
}
const withFactors: StepUpMembers = {
  password: optional({ ...password, description: 'For a user without a second factor' }),
  otp: optional({ description: 'The six digits that an authenticator app shows' }),
  recovery_code: optional({ description: 'In the place of the code' }),
}
const withPasskeys: StepUpMembers = {
  ...withFactors,
  challenge_id: optional({
    description: 'Of `POST /auth/passkeys/challenge`, with the access token',
  }),
  credential: object({
    type: 'object',
    additionalProperties: true,
    description: 'A passkey in the place of the code: what the browser returned',
  }),
}

function membersOf({ factors }: Auth): StepUpMembers {
  if (factors === null) return passwordAlone
  return factors.passkeys === null ? withFactors : withPasskeys
}

const refusals = {
  400: 'The request does not fit, or the password is not right',
  403: 'Requires an active user, with a token of a session here',
  429: 'Too many failed attempts; see Retry-After',
  503: 'Too many logins at once; see Retry-After',
} as const
const refusalsWithFactors = {
  ...refusals,
  403: `${refusals[403]}. With the code \`factor_needed\`: a user who has a second factor must show it, and one who has none must send the password`,
  422: 'The second factor is not right: `code` is `code_incorrect` or `passkey_refused`',
} as const

/** Where a user authenticates again, for what needs a recent login. */
export const stepUpEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/step-up',
  isOn: (auth) => auth[internals].accountSettings !== null || auth.factors !== null,
  operationId: 'stepUp',
  summary: 'Enter the password again',
  description:
    'For routes that need a recent login (RFC 9470): they answer 401 with the error `insufficient_user_authentication`. The new access token belongs to the same session; the old one stays as it is.',
  body: 'StepUp',
  members: membersOf,
  success: {
    status: 200,
    description: 'An access token that says when the user authenticated: now',
    schema: {
      title: 'StepUpResponse',
      type: 'object',
      required: ['access_token', 'token_type', 'expires_in'],
      properties: {
        access_token: { type: 'string' },
        token_type: { type: 'string', enum: ['bearer'] },
        expires_in: { type: 'integer', description: 'Seconds' },
      },
    },
  },
  refusals: ({ factors }) => (factors === null ? refusals : refusalsWithFactors),
  tellsCode: true,
  guard: askingUser,
  // The members say which of them is an object.
  answer: (auth, given, origin, asking) => stepUp(auth, given as Given, origin, asking),
})
