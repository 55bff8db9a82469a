import { createHash, randomBytes } from 'node:crypto'
import { everyPermission, includesPermission } from '../access/scope.ts'
import type { Client } from '../clients/clients.ts'
import { isRedirectUriOf } from '../clients/redirect-uri.ts'
import { type Clock, clockTolerance } from '../clock.ts'
import { OAuthError } from '../errors.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import { pruneInBatches } from '../prune-batches.ts'
import { isLiveSession } from '../sessions/live-session.ts'
import type { RefreshTokens } from '../sessions/refresh-token.ts'
import { revokeReused } from '../sessions/revoke-reused.ts'
import { toSession } from '../sessions/session-calls.ts'
import type { SessionOptions } from '../sessions/session-options.ts'
import type { Store } from '../store.ts'
import { userAt } from '../users/suspension.ts'
import type { AuthorizationCodes, CodeExchangeRequest, OpenIdScopes } from './authorization.ts'
import type {
  AuthorizationCodeRecord,
  AuthorizationCodeStore,
  BrowserLogin,
} from './authorization-code-store.ts'
import { matchesChallenge } from './code-challenge.ts'
import type { ConsentRecord } from './consent-store.ts'
import { createFamilies } from './families.ts'

export interface AuthorizationCodesOptions {
  readonly store: Store
  readonly codes: AuthorizationCodeStore
  readonly scopes: OpenIdScopes
  readonly refreshTokens: RefreshTokens
  readonly events: AuthEvents
  readonly sessionOptions: Required<SessionOptions>
  readonly clock: Clock
}

/** Seconds (RFC 6749 §4.1.2 allows ten minutes). */
const lifetime = 60
/** Seconds that a code is kept after its end: who presents it again ends what it was exchanged for. */
const keptAfterEnd = 60 * 60

/** 256 bits. */
const grammar = /^pac_[\w-]{43}$/

/** Makes and exchanges authorization codes (RFC 6749 §4.1). The store has their digests alone. */
export function createAuthorizationCodes(options: AuthorizationCodesOptions): AuthorizationCodes {
  const { store, codes, scopes: openIdScopes, refreshTokens, events, clock } = options
  const { refreshGrace, idleLifetime } = options.sessionOptions
  const families = createFamilies(options)

  return {
    async issue({ browser, clientId, scopes, redirectUri, codeChallenge, nonce }) {
      const { session, user } = browser
      const now = clock()
      if (!userAt(user, now).active) return null
      const code = `pac_${randomBytes(32).toString('base64url')}`
      const created = await codes.create({
        ...{ digest: digestOf(code), clientId, userId: user.id, sessionId: session.id },
        ...{ securityStamp: user.securityStamp, scopes, redirectUri, codeChallenge, nonce },
        ...{ authenticatedAt: session.authenticatedAt, acr: session.acr, amr: session.amr },
        ...{ createdAt: now, expiresAt: now + lifetime, usedAt: null, openedSessionId: null },
      })
      return created ? code : null
    },
    async exchange(request) {
      const digest = digestOf(request.code)
      const found = grammar.test(request.code) ? await codes.findToExchange(digest) : null
      if (found === null) throw refused('unknown')
      const { code: record, login, keysVersion } = found
      if (record.usedAt !== null) return await refuseUsed(record, request)
      // All of it before the code is used: what is wrong here must not cost its owner the code.
      await judge(record, request, login?.consent ?? null)
      if (!isLive(record, login)) throw refused('of a login that has ended')
      const { user, session: parent } = login
      const { session, isNew } = await families.familyFor({ ...found, parent, request })
      const needsConsent = !request.client.firstParty
      const opening = isNew ? session : session.id
      const exchange = { digest, now: clock(), session: opening, needsConsent }
      if (!(await codes.exchange(exchange))) {
        const now = await codes.find(digest)
        if (now !== null && now.usedAt !== null) return await refuseUsed(now, request)
        throw refused('expired, or its login has ended')
      }
      await events.record({
        ...{ type: 'authn_token_created', ...by(request), userId: user.id },
        ...{ clientId: record.clientId, sessionId: session.id },
      })
      if (isNew) await families.bound(session, found)
      const refreshToken = refreshTokens.format(session.id, session.generation)
      const { scopes, nonce } = record
      const opened = { session: toSession(session), refreshToken }
      return { opened, user, scopes, nonce, keysVersion }
    },
    prune: (signal) =>
      pruneInBatches((limit) => codes.prune(clock() - keptAfterEnd, limit), signal),
  }

  /** @throws {OAuthError} `invalid_grant` unless the request may have what the code is for. */
  async function judge(
    record: AuthorizationCodeRecord,
    request: CodeExchangeRequest,
    consent: ConsentRecord | null,
  ): Promise<void> {
    const { client } = request
    if (record.clientId !== client.id) {
      const { userId, sessionId } = record
      await events.record({
        ...{ type: 'authn_token_wrong_client', ...by(request) },
        ...{ clientId: client.id, userId, sessionId },
      })
      throw refused('of another client')
    }
    if (!isOf(record, request)) throw refused('with another redirect URI or code verifier')
    if (!mayStillHave(client, record)) throw refused('of a client that has lost something since')
    if (!isStillAllowed(client, record, consent)) throw refused('of a consent that was withdrawn')
  }

  /** What the client is registered for may have changed since the code was made. */
  function mayStillHave(
    client: Client,
    { redirectUri, codeChallenge, scopes }: AuthorizationCodeRecord,
  ): boolean {
    const limit = client.scopes ?? [everyPermission]
    return (
      client.grants.includes('authorization_code') &&
      isRedirectUriOf(client, redirectUri) &&
      (codeChallenge !== null || client.pkce === 'optional') &&
      scopes.every((scope) => openIdScopes.has(scope) || includesPermission(limit, scope))
    )
  }

  /** Whether the user and the browser session of a code are as they were. */
  function isLive(
    { securityStamp }: AuthorizationCodeRecord,
    login: BrowserLogin | null,
  ): login is BrowserLogin {
    const now = clock()
    return (
      login !== null &&
      userAt(login.user, now).active &&
      login.user.securityStamp === securityStamp &&
      login.session.securityStamp === securityStamp &&
      isLiveSession(login.session, idleLifetime, now)
    )
  }

  /**
   * A code that is presented again ends what it was exchanged for (RFC 6749 §4.1.2), before the refusal is
   * sent. Not within the grace of refresh tokens, if who presents it has the verifier: a page that has run its
   * callback twice.
   */
  async function refuseUsed(
    record: AuthorizationCodeRecord,
    request: CodeExchangeRequest,
  ): Promise<never> {
    const { clientId, userId, usedAt, openedSessionId: sessionId } = record
    const isOwner = clientId === request.client.id && isOf(record, request)
    if (isOwner && record.codeChallenge !== null && isWithinGrace(usedAt)) {
      throw refused('used a moment ago, by the same client')
    }
    if (sessionId === null) throw refused('used')
    const about = { ...by(request), userId, clientId, sessionId }
    const reuse = { ...about, type: 'authn_code_reuse' } as const
    await revokeReused({ store, events }, sessionId, clock(), reuse)
    throw refused(`of the session ${sessionId} was used again: the session has been ended`)
  }

  /** Not before the use either: a clock that was set back must not make the grace longer. */
  function isWithinGrace(usedAt: number | null): boolean {
    const since = clock() - (usedAt ?? 0)
    return refreshGrace > 0 && since <= refreshGrace && since >= -clockTolerance
  }
}

/** True if a request has the redirect URI (RFC 6749 §4.1.3) and the verifier of a code. */
function isOf(
  { redirectUri, codeChallenge }: AuthorizationCodeRecord,
  request: CodeExchangeRequest,
): boolean {
  return (
    redirectUri === request.redirectUri && matchesChallenge(codeChallenge, request.codeVerifier)
  )
}

/** Whether the user still allows a third party what the code is for. */
function isStillAllowed(
  { firstParty }: Client,
  { scopes }: AuthorizationCodeRecord,
  consent: ConsentRecord | null,
): boolean {
  if (firstParty) return true
  return consent !== null && scopes.every((scope) => consent.scopes.includes(scope))
}

function by({ client, address, requestId }: CodeExchangeRequest): {
  readonly actor: string
  readonly address: string | undefined
  readonly requestId: string | undefined
} {
  return { actor: actorOf({ clientId: client.id }), address, requestId }
}

function digestOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}

// One answer for every cause; which one it was goes to the log.
function refused(reason: string): OAuthError {
  return new OAuthError('invalid_grant', 'The authorization code is not valid', {
    cause: new Error(`authorization code ${reason}`),
  })
}
