import type { AuthorizationCodeRecord } from '../../core/authorization/authorization-code-store.ts'
import { numberOrNull, words } from './columns.ts'
import type { AuthorizationCodesTable } from './schema.ts'

/** All columns. */
export const codeColumns: readonly (keyof AuthorizationCodesTable)[] = [
  'digest',
  'client_id',
  'user_id',
  'session_id',
  'security_stamp',
  'scope',
  'redirect_uri',
  'code_challenge',
  'nonce',
  'auth_time',
  'acr',
  'amr',
  'created_at',
  'expires_at',
  'used_at',
  'opened_session_id',
]

/** As it is stored. */
export function toCodeRow(code: AuthorizationCodeRecord): AuthorizationCodesTable {
  return {
    digest: code.digest,
    client_id: code.clientId,
    user_id: code.userId,
    session_id: code.sessionId,
    security_stamp: code.securityStamp,
    scope: code.scopes.join(' '),
    redirect_uri: code.redirectUri,
    code_challenge: code.codeChallenge,
    nonce: code.nonce,
    auth_time: code.authenticatedAt,
    acr: code.acr,
    amr: code.amr.join(' '),
    created_at: code.createdAt,
    expires_at: code.expiresAt,
    used_at: code.usedAt,
    opened_session_id: code.openedSessionId,
  }
}

/** As it was stored. */
export function toCodeRecord(row: AuthorizationCodesTable): AuthorizationCodeRecord {
  return {
    digest: row.digest,
    clientId: row.client_id,
    userId: row.user_id,
    sessionId: row.session_id,
    securityStamp: row.security_stamp,
    scopes: words(row.scope),
    redirectUri: row.redirect_uri,
    codeChallenge: row.code_challenge,
    nonce: row.nonce,
    authenticatedAt: Number(row.auth_time),
    acr: row.acr,
    amr: words(row.amr),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    usedAt: numberOrNull(row.used_at),
    openedSessionId: row.opened_session_id,
  }
}
