import { compactVerify, decodeJwt, decodeProtectedHeader, errors, type JWTPayload } from 'jose'
import type { Auth } from '../core/auth.ts'
import { findClientOfToken } from '../core/clients/token-client.ts'
import { clockTolerance } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { internals } from '../core/internals.ts'
import { findUserOfToken } from '../core/sessions/token-user.ts'
import { isFormerIssuer } from '../core/tokens/former-issuer.ts'
import { accessTokenMaxLength, isStrictlyEncoded } from '../core/tokens/token-text.ts'
import { isTokenStampOf } from '../core/users/security-stamp.ts'
import { instant } from './terminal/table.ts'

/** What a server here would make of a token, and why. */
export interface Verdict {
  readonly accepted: boolean
  /** Sentences: why it is refused, or whose it is. */
  readonly reasons: readonly string[]
  readonly header: object | null
  /** Decoded, and to be believed only if the token is accepted. */
  readonly claims: JWTPayload | null
}

/** Judges an access token as a guard does, and then finds out what a guard never says. */
export async function judgeToken(auth: Auth, token: string): Promise<Verdict> {
  const { header, claims } = decode(token)
  const refused = (...reasons: string[]): Verdict => ({ accepted: false, reasons, header, claims })
  const accepted = (reason: string): Verdict => ({
    accepted: true,
    reasons: [reason],
    header,
    claims,
  })
  if (header === null || claims === null) return refused(explainForm(token))
  let verified: Awaited<ReturnType<Auth['accessTokens']['verify']>>
  try {
    verified = await auth.accessTokens.verify(token)
  } catch (error) {
    if (error instanceof UnavailableError) return refused(`${error.message}.`)
    throw error
  }
  if (verified === null) return refused(...(await explainRefusal(auth, token, header, claims)))
  if (verified.external) {
    const user = await auth.issuers.findUser(verified)
    if (user === null) return refused('It is good, and this identity is no user here.')
    if (!user.active) return refused(`Its user ${user.username} is inactive.`)
    return accepted(`It is a token of ${user.username}, by ${verified.external.issuer}.`)
  }
  if (verified.claims.client_stamp !== undefined) {
    const client = await findClientOfToken(auth[internals], verified)
    if (client !== null) return accepted(`It is a token of the client ${client.id} itself.`)
    return refused(
      `The client ${verified.claims.client_id} is removed, has another secret, or may not use client_credentials any more.`,
    )
  }
  const user = await findUserOfToken(auth[internals], verified)
  if (user === null) return refused(await explainEnd(auth, claims))
  if (!user.active) return refused(`Its user ${user.username} is inactive.`)
  return accepted(`It is a token of ${user.username}, who has the role ${user.role} today.`)
}

function decode(token: string): Pick<Verdict, 'header' | 'claims'> {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) }
  } catch {
    return { header: null, claims: null }
  }
}

function explainForm(token: string): string {
  if (token === '') return 'There is no token: give it on standard input.'
  if (token.startsWith('prt_')) {
    return 'It is a refresh token, which is for POST /auth/token alone; guards take access tokens.'
  }
  if (/^[a-z][a-z\d]{2,19}_[\dA-Za-z]{36}$/.test(token)) {
    return 'It has the form of an API key: access-key list shows the keys of a user.'
  }
  if (/^bearer /i.test(token)) return 'It begins with the word Bearer: give the token alone.'
  const segments = token.split('.').length
  return segments === 3
    ? 'It has three parts, as a JWT has, and they cannot be decoded.'
    : `It is no JWT: that has three parts with dots between, and this has ${segments}.`
}

/** Everything that is wrong with it, since its sender may mend one thing after the other. */
async function explainRefusal(
  auth: Auth,
  token: string,
  { kid, alg, typ }: { kid?: unknown; alg?: unknown; typ?: unknown },
  claims: JWTPayload,
): Promise<readonly string[]> {
  const reasons: string[] = []
  const trusted = auth.issuers.trusted.find(({ issuer }) => issuer === claims.iss)
  if (token.length > accessTokenMaxLength) {
    reasons.push(`It is longer than ${accessTokenMaxLength} characters.`)
  } else if (!isStrictlyEncoded(token)) {
    reasons.push('It is not encoded as base64url without padding.')
  }
  if (trusted === undefined && claims.iss !== auth.issuer) {
    const known = [auth.issuer, ...auth.issuers.trusted.map(({ issuer }) => issuer)].join(', ')
    reasons.push(`Its issuer is ${quote(claims.iss)}; accepted are: ${known}.`)
    if (isFormerIssuer(claims.iss, auth.issuer)) {
      reasons.push('That was the default of ISSUER before: log in again, or set ISSUER to it.')
    }
  }
  reasons.push(...explainTimes(auth, claims))
  if (trusted !== undefined) {
    const { audience, name } = trusted
    if (
      audience.length > 0 &&
      ![claims.aud].flat().some((each) => audience.includes(String(each)))
    ) {
      reasons.push(
        `Its audience is ${quote(claims.aud)}; that of ${name} must name ${audience.join(' or ')}.`,
      )
    }
    const why = 'its signature, algorithm, type or audience is another, or it is no access token'
    return reasons.length > 0 ? reasons : [`The profile of ${trusted.name} refuses it: ${why}.`]
  }
  if (typ !== 'at+jwt') reasons.push(`Its type (typ) is ${quote(typ)}, not at+jwt.`)
  if (![claims.aud].flat().includes(auth.audience)) {
    reasons.push(`Its audience is ${quote(claims.aud)}, not ${auth.audience}.`)
  }
  reasons.push(...(await explainSignature(auth, token, kid, alg)))
  return reasons.length > 0 ? reasons : ['A claim that every access token has is missing.']
}

async function explainSignature(
  { [internals]: { keys } }: Auth,
  token: string,
  kid: unknown,
  alg: unknown,
): Promise<readonly string[]> {
  const key = typeof kid === 'string' ? keys.find(kid) : undefined
  if (key === undefined) {
    return [`Its key ${quote(kid)} is unknown or retired: see key list.`]
  }
  if (alg !== key.algorithm) {
    return [`Its algorithm is ${quote(alg)}, and that of its key ${key.algorithm}.`]
  }
  try {
    await compactVerify(token, key.verifyWith, { algorithms: [key.algorithm] })
    return []
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error
    return ['Its signature is wrong: it was altered, or signed with another key.']
  }
}

function explainTimes({ clock }: Auth, { exp, nbf }: JWTPayload): readonly string[] {
  const now = clock()
  const reasons: string[] = []
  if (typeof exp !== 'number') reasons.push('It has no time at which it expires (exp).')
  else if (exp + clockTolerance <= now) {
    reasons.push(`It expired at ${when(exp)}, ${now - exp} seconds ago.`)
  }
  if (typeof nbf === 'number' && nbf - clockTolerance > now) {
    reasons.push(`It is not good before ${when(nbf)}: is a clock wrong?`)
  }
  return reasons
}

/** Why a token that is good itself has ended. */
async function explainEnd(
  { [internals]: { store, keys } }: Auth,
  claims: JWTPayload,
): Promise<string> {
  const user = await store.users.findById(claims.sub ?? '')
  if (user === null) return 'Its user was deleted.'
  await keys.update()
  const session = typeof claims.sid === 'string' ? await store.sessions.find(claims.sid) : null
  if (typeof claims.sid === 'string' && session === null) return 'Its session is gone.'
  if (session !== null && session.revokedAt !== null) {
    return `Its session was ended at ${when(session.revokedAt)}: a log-out, or an end by an administrator.`
  }
  const isLive =
    session === null
      ? isTokenStampOf(user.securityStamp, claims.stamp)
      : session.securityStamp === user.securityStamp
  if (isLive) return 'Its key was retired.'
  return `All logins of ${user.username} were ended since: a new password, a deactivation, or a log-out everywhere.`
}

/** A value of a token, which may be anything: no sign of it moves a terminal's cursor. */
export function quote(value: unknown): string {
  const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  return value === undefined
    ? 'not there'
    : JSON.stringify(value)
        .replace(/[\p{Cc}\p{Cf}]/gu, escaped)
        .slice(0, 500)
}

function when(seconds: number): string {
  return Math.abs(seconds) < 8.64e12 ? instant(Math.floor(seconds)) : String(seconds)
}
