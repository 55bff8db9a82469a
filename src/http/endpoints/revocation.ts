import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import { type Actor, actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import { endSession } from '../../core/sessions/end-session.ts'
import type { Session } from '../../core/sessions/session-store.ts'
import { createFormEndpoint, type FormEndpoint, formBody, type TokenEndpoint } from './endpoint.ts'
import { documentForm } from './form-documentation.ts'

/**
 * Makes the revocation endpoint (RFC 7009): the log-out of a client. It ends the session that the
 * token belongs to, whichever of its tokens is presented, and answers after that is stored.
 *
 * A token that is unknown, expired or ended already is 200 too (§2.2): the client's wish is met. A
 * client ends only what is its own (§2.1).
 */
export function createRevocationEndpoint(auth: Auth): TokenEndpoint {
  return createFormEndpoint(async ({ parameters, credentials, request }) => {
    const client = await auth.clients.authenticate(credentials)
    const token = parameters.get('token')
    if (token === undefined) {
      throw new OAuthError('invalid_request', 'The parameter token is missing')
    }
    const session = await sessionOf(auth, token)
    const { address, requestId } = request
    const by = { actor: actorOf({ clientId: client.id }), address, requestId }
    if (session?.clientId === client.id) await giveBack(auth, session.id, by)
    else if (session) await refuseStranger(auth, client, session, by)
    // §2.2 gives the body no meaning; clients that expect JSON of every answer fail on an empty one.
    return {}
  })
}

type OwnedSession = Pick<Session, 'id' | 'userId' | 'clientId'>

// `token_type_hint` is not needed: the two kinds of tokens cannot be taken for one another.
async function sessionOf(auth: Auth, token: string): Promise<OwnedSession | null> {
  if (auth[internals].apiKeys?.isKey(token)) {
    // §2.2.1, as below: it belongs to no client that could end it.
    throw new OAuthError(
      'unsupported_token_type',
      'An API key is ended by its user or by an administrator',
    )
  }
  const session = await auth.sessions.find(token)
  if (session) return session
  const verified = await auth.accessTokens.verify(token)
  const { sid, sub = '', client_id = '' } = verified?.claims ?? {}
  if (verified?.kind === 'client' && !verified.external) {
    // §2.2.1: an answer that it was revoked would be false.
    throw new OAuthError(
      'unsupported_token_type',
      'A token that a client has for itself ends with its secret, or when it expires',
    )
  }
  return sid === undefined ? null : { id: sid, userId: sub, clientId: client_id }
}

/** Ends a session whose client gives its token back: it has logged nobody out, and knows of it. */
async function giveBack(auth: Auth, id: string, by: Actor): Promise<void> {
  const { store, events } = auth[internals]
  await endSession({ store, events, clock: auth.clock }, id, { by, notifies: [] })
}

// An authenticated client learns that the token was issued to another client. A public client proves
// nothing, so a caller that names one learns nothing about tokens.
async function refuseStranger(
  auth: Auth,
  client: Client,
  { id, userId }: OwnedSession,
  by: Actor,
): Promise<void> {
  const type = 'authn_token_wrong_client'
  await auth[internals].events.record({ ...by, type, userId, sessionId: id, clientId: client.id })
  if (!client.confidential) return
  throw new OAuthError('invalid_grant', 'The token was issued to another client', {
    cause: new Error(`revocation by ${client.id} of a token of the session ${id}`),
  })
}

/** The revocation endpoint (RFC 7009 §2). */
export const revocationEndpoint: FormEndpoint = {
  method: 'POST',
  path: '/auth/revoke',
  ...formBody,
  create: createRevocationEndpoint,
  document: () =>
    documentForm({
      operationId: 'revokeToken',
      summary: 'Log out',
      description:
        'Ends the session of a refresh or access token (RFC 7009). A token that is unknown or ended already is 200 too.',
      form: 'RevocationForm',
      success: 'The session has ended',
      answer: {
        title: 'RevocationResponse',
        description: 'An empty object: RFC 7009 §2.2 gives the answer no content',
        type: 'object',
        additionalProperties: false,
      },
      refusals: {
        400: 'The request is malformed, or the token was issued to another client',
        401: 'The client could not be authenticated',
        429: 'Too many wrong client secrets; see Retry-After',
        503: 'Not done; see Retry-After',
      },
    }),
}
