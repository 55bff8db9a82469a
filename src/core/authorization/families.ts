import { v7 as uuidv7 } from 'uuid'
import type { Clock } from '../clock.ts'
import type { AuthEvents } from '../events/events.ts'
import { maxPerUser, placeOf } from '../sessions/session-calls.ts'
import type { SessionOptions } from '../sessions/session-options.ts'
import type { SessionRecord } from '../sessions/session-store.ts'
import type { Store } from '../store.ts'
import type { CodeExchangeRequest } from './authorization.ts'
import type { AuthorizationCodeRecord, CodeToExchange } from './authorization-code-store.ts'

/** Sessions that one client has through one browser session: the oldest ends when there are more. */
const maxPerBrowser = 5

/** What the sessions of clients are opened from. */
export interface FamilyOptions {
  readonly store: Store
  readonly events: AuthEvents
  readonly sessionOptions: Required<SessionOptions>
  readonly clock: Clock
}

/** How many sessions there were when the code was read. */
export type Crowd = Pick<CodeToExchange, 'siblings' | 'userSessions'>

/** A code that is exchanged, by whom, and the browser session that it came from. */
export interface Opening extends Crowd {
  readonly code: AuthorizationCodeRecord
  readonly parent: SessionRecord
  readonly request: CodeExchangeRequest
}

/** The sessions of clients that are opened through browser sessions. */
export interface Families {
  /**
   * The session that a code opens. A client that gets no refresh token has one for each browser session, and
   * goes on with that: a page that signs in again every quarter of an hour adds nothing.
   */
  familyFor(opening: Opening): Promise<{ readonly session: SessionRecord; readonly isNew: boolean }>
  /** Ends what is too much after a new one, if there were that many before. */
  bound(session: SessionRecord, before: Crowd): Promise<void>
}

/** Makes the sessions of clients, within their bounds. */
export function createFamilies({ store, events, sessionOptions, clock }: FamilyOptions): Families {
  const { sessions } = store

  return {
    async familyFor({ code, parent, request, siblings }) {
      const { client } = request
      if (siblings > 0 && !client.grants.includes('refresh_token')) {
        const [live] = await sessions.listChildren(parent.id, client.id, clock())
        if (live) return { session: { ...live, ...grantOf(code) }, isNew: false }
      }
      return { session: newFamily(code, parent, request), isNew: true }
    },
    async bound({ parentId, clientId, userId }, { siblings, userSessions }) {
      if (siblings >= maxPerBrowser) await endSurplus(String(parentId), clientId, userId)
      if (userSessions >= maxPerUser) await sessions.trim(userId, maxPerUser)
    },
  }

  /** Ends the oldest sessions of a client that are too many in one browser session. */
  async function endSurplus(parentId: string, clientId: string, userId: string): Promise<void> {
    const now = clock()
    const live = await sessions.listChildren(parentId, clientId, now)
    for (const { id } of live.slice(maxPerBrowser)) {
      const about = { actor: 'system', userId, clientId, sessionId: id }
      await events.recordWith({ ...about, type: 'session_ended' }, (event) =>
        // It makes room for others of the same browser: nobody has logged out.
        sessions.revoke(id, now, { event, notifies: [] }),
      )
    }
  }

  function newFamily(
    record: AuthorizationCodeRecord,
    parent: SessionRecord,
    { client, userAgent, address }: CodeExchangeRequest,
  ): SessionRecord {
    const now = clock()
    const offline =
      record.scopes.includes('offline_access') && client.grants.includes('refresh_token')
    const expiresAt = now + sessionOptions.lifetime
    return {
      ...grantOf(record),
      id: uuidv7(),
      userId: record.userId,
      clientId: record.clientId,
      generation: 0,
      retryOf: null,
      rotatedAt: now,
      createdAt: now,
      // What ends with the browser session does not outlive it by its age either.
      expiresAt: offline ? expiresAt : Math.min(expiresAt, parent.expiresAt),
      revokedAt: null,
      securityStamp: record.securityStamp,
      ...placeOf(userAgent, address),
      kind: 'login',
      parentId: parent.id,
      offline,
    }
  }
}

/** What a code grants, and how its user had authenticated. */
function grantOf({
  scopes,
  authenticatedAt,
  acr,
  amr,
}: AuthorizationCodeRecord): Pick<SessionRecord, 'scopes' | 'authenticatedAt' | 'acr' | 'amr'> {
  return { scopes, authenticatedAt, acr, amr }
}
