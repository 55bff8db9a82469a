import { randomUUID } from 'node:crypto'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { SignJWT } from 'jose/jwt/sign'
import { jwtVerify } from 'jose/jwt/verify'
import { LRUCache } from 'lru-cache'
import { formatScope } from '../access/scope.ts'
import type { Clock } from '../clock.ts'
import { clockTolerance } from '../clock.ts'
import { findOrUpdate, type KeyRing, signingKeyNow } from '../keys/key-ring.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import { type MaybePromise, mapAnswer } from '../maybe-promise.ts'
import type { CacheCounts } from '../statistics.ts'
import { type AccessTokenClaims, hasAccessTokenClaims } from './access-token-claims.ts'
import type { Authentication } from './authentication.ts'
import type { ExternalSubject } from './external-subject.ts'
import { signHs256, type TokenHeader, verifyHs256 } from './hs256.ts'
import { accessTokenMaxLength, isStrictlyEncoded } from './token-text.ts'

/**
 * A verified token: its claims, and its scopes as an array.
 *
 * For a token of another issuer both are in our words: the scopes are permissions of this
 * application, and claims that the issuer does not make are empty.
 */
export interface AccessToken {
  /** The verified claims. */
  readonly claims: AccessTokenClaims
  /** The permissions that the token delegates. */
  readonly scopes: readonly string[]
  /** Whom it speaks for: a user, or a client that acts for itself (RFC 6749 §4.4). */
  readonly kind: 'user' | 'client'
  /** The `kid` of the key that signed it; empty for a token of another issuer, and for an API key. */
  readonly keyId: string
  /** Who it is about, if another issuer made it. */
  readonly external?: ExternalSubject
  /** The API key that was sent instead of a JWT: it says neither when nor how its user logged in. */
  readonly apiKey?: { readonly id: string; readonly name: string }
}

/** What a new token says, beyond what the issuer adds. */
export interface AccessTokenSubject {
  /** The `sub`: the user's id, or the client's. */
  readonly subject: string
  /** The client that the token is issued to. */
  readonly clientId: string
  /** The permissions that the token delegates. */
  readonly scopes: readonly string[]
  /** Absent for a client that acts for itself. The token of a third party does not say it. */
  readonly role?: string
  /** What the token ends with: a session, the stamp of a user (see `tokenStampOf`), or that of a client. */
  readonly endsWith:
    | { readonly sessionId: string }
    | { readonly userStamp: string }
    | { readonly clientStamp: string }
  /** True for a client of somebody else: guards without permissions refuse its tokens. Default false. */
  readonly thirdParty?: boolean
  /** How the user authenticated. Default: the token does not say. */
  readonly authentication?: Authentication
  /** The token expires by then, if that is before its lifetime is over. Seconds since 1970. */
  readonly expiresBy?: number
  /** The version of the signing keys, if the store has just been asked. Default: it is asked. */
  readonly keysVersion?: number | undefined
}

/** A new token. */
export interface IssuedAccessToken {
  /** The signed JWT. */
  readonly token: string
  /** Its `jti`, which names it without being it. */
  readonly id: string
  /** Seconds. */
  readonly expiresIn: number
}

/** Verifies access tokens (RFC 9068), with one issuer, audience and ring of keys. */
export interface AccessTokens {
  /** Seconds until a new token expires. */
  readonly lifetime: number
  /**
   * Returns the verified token, or null if it is not one of ours that is valid now. Checked in this
   * order: length, form, `alg` against the key of `kid`, signature, `typ`, `iss`, `aud`, `nbf`,
   * `exp`, and that every other claim has its type.
   *
   * Does not check that the user still exists, is active, or has the role, nor that no other process
   * has just retired the key; the guards do.
   *
   * @throws {UnavailableError} if the key is not known here and the store cannot be asked for it.
   */
  verify(token: string): MaybePromise<AccessToken | null>
}

/** The same, with what signs them. */
export interface AccessTokenIssuer extends AccessTokens {
  /**
   * Returns a new signed token (RFC 9068 §2). Does not check that the subject may have it.
   *
   * @throws {UnavailableError} if it cannot be known which key signs.
   * @throws {TypeError} if the subject is empty, or the token were to expire before it is made.
   */
  issue(subject: AccessTokenSubject): Promise<IssuedAccessToken>
  /** How often a signature of ours did not have to be checked, and how often it did. */
  readonly cache: CacheCounts
}

export interface AccessTokenOptions {
  readonly keys: KeyRing
  readonly issuer: string
  readonly audience: string
  /** Seconds. */
  readonly lifetime: number
  readonly clock: Clock
  /** Verifies the tokens of other issuers; undefined for one that is none of theirs. */
  readonly verifyExternal?: (token: string) => MaybePromise<AccessToken | null> | undefined
}

/** Verified tokens kept, so that a token's signature is checked once per process. */
const cacheSize = 16384

const type = 'at+jwt'
const required: readonly string[] = ['exp', 'iat', 'sub', 'jti', 'client_id']

export function createAccessTokenIssuer(options: AccessTokenOptions): AccessTokenIssuer {
  const { keys, issuer, audience, lifetime, clock, verifyExternal } = options
  // The key is the whole token, so two tokens never share an entry; only verified tokens enter, so
  // garbage cannot push them out; an entry says nothing about the user, who is read every time.
  const verified = new LRUCache<string, AccessToken>({ max: cacheSize })
  const cache = { hits: 0, misses: 0 }
  // All tokens of a key have the same one.
  let lastHeader: { readonly text: string; readonly header: TokenHeader } | undefined

  function verifyUncached(token: string): MaybePromise<AccessToken | null> {
    cache.misses++
    if (!isStrictlyEncoded(token)) return null
    const text = token.slice(0, token.indexOf('.'))
    const header = lastHeader?.text === text ? lastHeader.header : headerOf(token)
    const { kid } = header ?? {}
    if (header === null || typeof kid !== 'string') return null
    return mapAnswer(keys.find(kid) ?? findOrUpdate(keys, kid), (key) => {
      if (key === undefined) return null
      lastHeader = { text, header }
      return mapAnswer(verifyWith(key, token, header), (payload) =>
        payload === null ? null : remember(token, key, payload),
      )
    })
  }

  /** The payload of a token, if everything is right that a JWT says of itself. */
  function verifyWith(
    key: SigningKey,
    token: string,
    header: TokenHeader,
  ): MaybePromise<object | null> {
    // What a critical extension means is for jose to say.
    if (key.secret && header.crit === undefined) {
      const now = clock()
      return verifyHs256(token, header, key.secret, { type, issuer, audience, required, now })
    }
    return verifyWithJose(key, token)
  }

  async function verifyWithJose(key: SigningKey, token: string): Promise<object | null> {
    try {
      const { payload } = await jwtVerify(token, key.verifyWith, {
        // Of the key, never of the token.
        algorithms: [key.algorithm],
        typ: type,
        issuer,
        audience,
        clockTolerance,
        currentDate: new Date(clock() * 1000),
        requiredClaims: [...required],
      })
      return payload
    } catch {
      // One answer for every cause: the sender of a bad token learns nothing more (RFC 9068 §4).
      return null
    }
  }

  function remember(token: string, key: SigningKey, payload: object): AccessToken | null {
    if (!hasAccessTokenClaims(payload)) return null
    // Its issuer's clock is or was far ahead. A refresh gets a token with the right time.
    if (payload.iat > clock() + clockTolerance) return null
    const scopes = Object.freeze(payload.scope === '' ? [] : payload.scope.split(' '))
    Object.freeze(payload.aud)
    Object.freeze(payload.roles)
    Object.freeze(payload.amr)
    const accessToken: AccessToken = Object.freeze({
      claims: Object.freeze(payload),
      scopes,
      kind: payload.client_stamp === undefined ? 'user' : 'client',
      keyId: key.id,
    })
    verified.set(token, accessToken)
    return accessToken
  }

  return {
    lifetime,
    cache,
    async issue({
      subject,
      clientId,
      scopes,
      role,
      endsWith,
      authentication,
      thirdParty = false,
      expiresBy = Number.MAX_SAFE_INTEGER,
      keysVersion,
    }) {
      if (subject === '') throw new TypeError('A token needs a subject.')
      if (expiresBy <= clock())
        throw new TypeError('A token must not have expired when it is made.')
      const { key, endsBy } = await signingKeyNow(keys, keysVersion)
      const now = clock()
      const exp = Math.min(now + lifetime, expiresBy, endsBy)
      const id = randomUUID()
      const claims = {
        iss: issuer,
        sub: subject,
        aud: audience,
        exp,
        iat: now,
        jti: id,
        client_id: clientId,
        scope: formatScope(scopes),
        // Who knows nothing of third parties must not take the role of the user for the client's.
        ...(role !== undefined && !thirdParty && { roles: [role] }),
        ...endClaim(endsWith),
        ...(thirdParty && { third_party: true }),
        ...(authentication && authenticationClaims(authentication)),
      }
      const header = { alg: key.algorithm, typ: type, kid: key.id }
      const token = key.secret
        ? signHs256(header, claims, key.secret)
        : await new SignJWT(claims).setProtectedHeader(header).sign(key.signWith)
      return { token, id, expiresIn: exp - now }
    },
    verify(token) {
      const known = verified.get(token)
      if (known) {
        cache.hits++
        const isValid = clock() < known.claims.exp + clockTolerance && keys.find(known.keyId)
        if (isValid) return known
        verified.delete(token)
        return null
      }
      if (token.length > accessTokenMaxLength) return null
      const external = verifyExternal?.(token)
      return external === undefined ? verifyUncached(token) : external
    },
  }
}

/** The claim that says what a token ends with. */
function endClaim(
  endsWith: AccessTokenSubject['endsWith'],
): Pick<AccessTokenClaims, 'sid' | 'stamp' | 'client_stamp'> {
  if ('sessionId' in endsWith) return { sid: endsWith.sessionId }
  if ('userStamp' in endsWith) return { stamp: endsWith.userStamp }
  return { client_stamp: endsWith.clientStamp }
}

function authenticationClaims({
  authenticatedAt,
  acr,
  amr,
}: Authentication): Pick<AccessTokenClaims, 'auth_time' | 'acr' | 'amr'> {
  return { auth_time: authenticatedAt, acr, amr }
}

/** The header of a token, which nothing has proved yet; null if it has none that can be read. */
function headerOf(token: string): TokenHeader | null {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return null
  }
}
