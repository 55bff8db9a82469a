import { everyPermission, narrowScopes } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import { byTwoFactors } from '../../core/tokens/authentication.ts'
import { isSuspended, recordForToken } from '../../core/users/suspension.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { IncorrectCredentials } from '../refusal.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { askForFactor } from './factor-demand.ts'
import { type Parameters, requireText, type UserGrant } from './grant.ts'
import { demandedSince, type LateDemand } from './late-demand.ts'
import { delegableScopes, delegate, readKnownScope, readScope } from './scopes.ts'
import { issueUserTokens } from './user-tokens.ts'

/** The password grant (RFC 6749 §4.3): a login. Opens a session for an active user. */
export const passwordGrant: UserGrant = {
  name: 'password',
  confidential: false,
  description:
    'The password grant of OAuth 2.0 (RFC 6749 §4.3), for the first-party front ends of this API.',
  parameters: {
    username: { type: 'string' },
    password: { type: 'string', format: 'password' },
  },
  answer: grantPassword,
}

/** How a login comes to its scopes. */
interface Scoping {
  readonly read: typeof readScope
  readonly delegate: typeof delegate
}

const ourScoping: Scoping = { read: readScope, delegate }

/** Grants nothing that was not asked for, and refuses nothing. */
const scopingLikeFastApi: Scoping = { read: readKnownScope, delegate: narrowScopes }

async function grantPassword(
  auth: Auth,
  client: Client,
  parameters: Parameters,
  { userAgent, address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const username = requireText(parameters, 'username')
  const password = requireText(parameters, 'password')
  const scoping = auth.compatibility ? scopingLikeFastApi : ourScoping
  const requested = scoping.read(auth, parameters)
  // Before the hash: what the client may not have, no user can give to it.
  scoping.delegate(
    client.scopes ?? [everyPermission],
    requested,
    'The client may have nothing of the scope',
  )

  const { second } = auth[internals]
  const otp = second ? parameters.get('otp') : undefined
  const shown = { factor: false }
  const user = await auth[internals].login.authenticate({
    username,
    password,
    address,
    requestId,
    clientId: client.id,
    ...(second &&
      otp !== undefined && {
        async alsoNeeds(record: UserRecord) {
          const attempt = { clientId: client.id, purpose: 'login', address, requestId } as const
          const proved = await second.comesWith(record, otp, attempt)
          shown.factor = proved === 'shown'
          return proved !== 'wrong'
        },
      }),
  })
  if (user === null) throw incorrect(client)

  const scopes = scoping.delegate(
    delegableScopes(auth, user, client),
    requested,
    'The role of the user grants nothing of the scope',
  )
  // An inactive or suspended user gets a token too, as in FastAPI's pattern; every guard answers it with
  // 403. What would outlive it, a session, such a user does not get.
  const clientId = client.id
  const now = auth.clock()
  if (!user.active || isSuspended(user, now)) {
    await auth[internals].events.record({
      type: 'authn_login_fail',
      userId: user.id,
      clientId,
      address,
      requestId,
      reason: user.active ? 'the user is suspended' : 'the user is inactive',
    })
    return await issueUserTokens(auth, client, recordForToken(user, now), scopes)
  }
  const ask = async (asked: LateDemand | null): Promise<OAuthError> => {
    const login = asked && { purpose: asked.demand, clientId, scopes }
    const refusal = login && second && (await askForFactor(second, asked.user, login))
    return refusal ?? changedMeanwhile(client)
  }
  const demand = shown.factor ? null : await second?.demandOf(user)
  if (demand) throw await ask({ user, demand })
  const from = { clientId, scopes, userAgent, address, requestId }
  const how = shown.factor && { authentication: byTwoFactors(now, ['pwd']) }
  const opened = await auth.sessions
    .open(user, { ...from, ...how })
    .catch(async (error) => Promise.reject(await ask(await demandedSince(auth, user, error))))
  if (opened === null) throw changedMeanwhile(client)
  return await issueUserTokens(auth, client, user, scopes, opened)
}

function changedMeanwhile(client: Client): OAuthError {
  return incorrect(client, { cause: new Error('changed meanwhile') })
}

/** 400 (RFC 6749 §5.2) for a client that has authenticated; 401, as FastAPI has it, for all others. */
function incorrect({ confidential }: Client, options?: ErrorOptions): OAuthError {
  return confidential
    ? new OAuthError('invalid_grant', 'Incorrect username or password', options)
    : new IncorrectCredentials(options)
}
