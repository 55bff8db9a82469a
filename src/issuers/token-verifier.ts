import type { JWTHeaderParameters, JWTPayload } from 'jose'
import * as errors from 'jose/errors'
import { jwtVerify } from 'jose/jwt/verify'
import type { Clock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import type { ExternalToken, FailureReport, OpenIssuer } from '../core/issuers/external-issuer.ts'
import { externalClockTolerance } from '../core/issuers/issuers.ts'
import { isStrictlyEncoded } from '../core/tokens/token-text.ts'
import type { Profile } from './access-token-profile.ts'
import { member, textOf } from './claims.ts'
import { discover, type IssuerMetadata } from './discovery.ts'
import { fetchJson, type JsonFetchOptions } from './json-fetch.ts'
import { type KeyFinder, type KeySet, parseKeySet } from './key-set.ts'
import { createRemoteKeys, type KeyTimes, type RemoteKeys } from './remote-keys.ts'

export interface OpenIssuerOptions {
  readonly issuer: string
  readonly profile: Profile
  /** Empty: those of every client are accepted. */
  readonly clientIds: readonly string[]
  readonly usernameClaim: string | undefined
  readonly discoveryUrls: readonly string[]
  readonly jwksUri: string | undefined
  readonly allowInsecureLoopback: boolean
  readonly allowInsecurePrivateJwksUri: boolean
  readonly times: KeyTimes
  /** Seconds. */
  readonly fetchTimeout: number
  readonly clock: Clock
  readonly report: FailureReport | undefined
}

/** Seconds after which an issuer's metadata is read again. */
const metadataLifetime = 86400

/** Starts to verify the tokens of one issuer. Fetches nothing yet. */
export function openIssuer(options: OpenIssuerOptions): OpenIssuer {
  const { issuer, profile, clock } = options
  const closing = new AbortController()
  const fetchKeys = createKeyFetch(options, closing.signal)
  const keys = createRemoteKeys(issuer, fetchKeys, options.times, clock, options.report)

  return {
    async verify(token) {
      if (!isStrictlyEncoded(token)) return null
      try {
        const { payload } = await jwtVerify(
          token,
          async (header, jws) => {
            // Before any key is looked for, and so before anything is fetched.
            if (!hasType(header, profile.types)) throw new errors.JWTInvalid('Another typ')
            return await findKey(keys, header, jws)
          },
          {
            algorithms: [...profile.algorithms],
            issuer,
            clockTolerance: externalClockTolerance,
            currentDate: new Date(clock() * 1000),
            requiredClaims: ['exp', 'iat', 'sub'],
          },
        )
        return readToken(payload, options)
      } catch (error) {
        if (error instanceof UnavailableError) throw error
        // One answer for every cause, as for our own tokens.
        return null
      }
    },
    get keysVersion() {
      return keys.version
    },
    get status() {
      return keys.status
    },
    async probe() {
      const { fingerprints } = await fetchKeys()
      return { keys: fingerprints.map((key) => JSON.parse(key)), algorithms: profile.algorithms }
    },
    close: () => closing.abort(),
  }
}

function hasType({ typ = '' }: JWTHeaderParameters, types: readonly string[]): boolean {
  // RFC 7515 §4.1.9: a media type, whose "application/" may be left out.
  return typeof typ === 'string' && types.includes(typ.toLowerCase().replace(/^application\//, ''))
}

async function findKey(
  keys: RemoteKeys,
  ...[header, jws]: Parameters<KeyFinder>
): ReturnType<KeyFinder> {
  let known = await keys.current()
  // Twice, because a fetch that was under way may have begun before the key was published.
  for (let renewals = 0; ; renewals++) {
    try {
      return await known.find(header, jws)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || renewals === 2) throw error
      const renewed = await keys.renewed(known)
      if (renewed === known) throw error
      known = renewed
    }
  }
}

function createKeyFetch(settings: OpenIssuerOptions, signal: AbortSignal): () => Promise<KeySet> {
  const { issuer, discoveryUrls, jwksUri, clock } = settings
  const options: JsonFetchOptions = {
    timeout: settings.fetchTimeout * 1000,
    allowInsecureLoopback: settings.allowInsecureLoopback,
    allowInsecurePrivate: jwksUri !== undefined && settings.allowInsecurePrivateJwksUri,
    signal,
  }
  const get = (url: string): Promise<unknown> => fetchJson(url, options)
  let metadata: (IssuerMetadata & { readonly readAt: number }) | undefined

  return async function fetchKeys() {
    if (jwksUri !== undefined) return parseKeySet(await get(jwksUri), jwksUri)
    if (!metadata || clock() >= metadata.readAt + metadataLifetime || clock() < metadata.readAt) {
      // If that fails, so does this fetch: the keys that are known go on, for as long as they may.
      metadata = { ...(await discover(issuer, discoveryUrls, get)), readAt: clock() }
    }
    const { jwksUri: url } = metadata
    try {
      return parseKeySet(await get(url), url)
    } catch (error) {
      // The keys may have moved: the next fetch asks where they are.
      metadata = undefined
      throw error
    }
  }
}

/** Claims that only an ID token has (OpenID Connect Core §3.1.3.6, §3.3.2.11). */
const idTokenClaims = ['at_hash', 'c_hash', 's_hash']

function readToken(
  payload: JWTPayload,
  { issuer, profile, clientIds, usernameClaim, clock }: OpenIssuerOptions,
): ExternalToken | null {
  const subject = textOf(payload, 'sub')
  // RFC 7519 §2 allows fractions of a second. Rounded down, none makes a token live longer than it says.
  const expiresAt = Math.floor(Number(payload.exp))
  const issuedAt = Math.floor(Number(payload.iat))
  if (subject === null || !Number.isSafeInteger(expiresAt) || !Number.isSafeInteger(issuedAt)) {
    return null
  }
  if (clock() >= expiresAt + externalClockTolerance) return null
  // Of a clock that is far ahead, or was: refused as ours are.
  if (issuedAt > clock() + externalClockTolerance) return null
  if (idTokenClaims.some((name) => member(payload, name) !== undefined)) return null
  // Bound to a key of the sender's, which a bearer does not show (RFC 9449 §7.1, RFC 8705 §3).
  if (member(payload, 'cnf') !== undefined) return null
  const reading = profile.read(payload)
  if (reading === null) return null
  if (clientIds.length > 0 && !clientIds.includes(reading.clientId)) return null
  const username = usernameClaim === undefined ? reading.username : textOf(payload, usernameClaim)
  return {
    ...reading,
    issuer,
    subject,
    username,
    expiresAt,
    issuedAt,
    id: textOf(payload, 'jti') ?? textOf(payload, 'uti') ?? '',
    payload: Object.freeze(payload),
  }
}
