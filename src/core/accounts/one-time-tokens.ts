import { v7 as uuidv7 } from 'uuid'
import type { Clock } from '../clock.ts'
import { ThrottledError } from '../errors.ts'
import { createKeyedDigest } from '../keys/keyed-digest.ts'
import {
  type AddressDigests,
  createCodeDigests,
  createOneTimeSecrets,
  type OneTimeSecrets,
  tokenDigestOf,
} from '../mail/one-time-secret.ts'
import type { OneTimeTokenKind, OneTimeTokenRecord } from '../mail/one-time-token-store.ts'
import type { StoredWith } from '../mail/stored-with.ts'
import { pruneInBatches } from '../prune-batches.ts'
import type { Store } from '../store.ts'
import { sourceOf } from '../throttle/source.ts'
import { noEnd, type ThrottleRule, waitOf } from '../throttle/throttle-store.ts'
import { createSealedPayloads, type Payload } from './sealed-payload.ts'

/** A token to be stored. */
export interface NewToken {
  readonly kind: OneTimeTokenKind
  /** What there is one token of the kind for. */
  readonly subject: string
  readonly digest: string
  /** The user with the stamp that it is bound to. Default: it is bound to none. */
  readonly user?: { readonly id: string; readonly securityStamp: string }
  /** The address that it is about, in the form that addresses are compared in. */
  readonly emailKey?: string | null
  readonly payload: Payload
  readonly expiresAt: number
  readonly createdAt?: number
}

/** A live token, opened. */
export interface OpenedToken extends Omit<OneTimeTokenRecord, 'payload'> {
  readonly payload: Payload
}

/** Links and codes that are used once. */
export interface OneTimeTokens extends OneTimeSecrets {
  /** The id of a mail that is not sent, of which a token is made to be handed over. */
  newId(): string
  /** The digests by which an address is known: the first is stored, the others are of secrets of before. */
  readonly addressDigestsOf: AddressDigests
  /** The digest under which a code of today is stored. */
  codeDigestOf(kind: OneTimeTokenKind, subject: string, code: string): string
  /** True if a code that was typed is the one of the token. */
  isCodeOf(token: OneTimeTokenRecord | OpenedToken, code: string): boolean
  put(token: NewToken, storedWith?: StoredWith): Promise<boolean>
  /**
   * The live token of a link, or null. Wrong ones are counted by their source alone.
   *
   * @throws {ThrottledError} if the source has presented too many wrong ones.
   */
  find(
    kind: OneTimeTokenKind,
    token: string,
    address: string | undefined,
  ): Promise<OpenedToken | null>
  /** The live token of a digest, or null. For tokens that are too long to be guessed: nothing is counted. */
  findByDigest(digest: string): Promise<OpenedToken | null>
  findBySubject(
    kind: OneTimeTokenKind,
    subject: string,
    options?: { readonly evenIfExpired?: boolean },
  ): Promise<OpenedToken | null>
  findByAddress(kind: OneTimeTokenKind, emailKey: string): Promise<readonly OpenedToken[]>
  /** Counts a try; null if the token is not live or has had `most`. */
  countTry(kind: OneTimeTokenKind, subject: string, most: number): Promise<OpenedToken | null>
  list(
    kind: OneTimeTokenKind,
    query: { readonly after?: string; readonly limit: number },
  ): Promise<readonly OpenedToken[]>
  end(kind: OneTimeTokenKind, subject: string, storedWith?: StoredWith): Promise<boolean>
  /** Deletes those that expired a week ago; returns how many. */
  prune(signal?: AbortSignal): Promise<number>
}

/** A source that presents wrong links. No account is concerned. */
const wrongLinks: ThrottleRule = {
  ...{ free: 20, firstWait: 1, longestWait: 15 * 60 },
  ...{ lockedFrom: noEnd, forgottenAfter: 24 * 60 * 60 },
}

/** Seconds that a token is kept after it expired: an invitation may be sent again meanwhile. */
const keptAfterExpiry = 7 * 24 * 60 * 60

export interface OneTimeTokensOptions {
  readonly store: Store
  readonly secret: Uint8Array
  readonly previousSecrets: readonly Uint8Array[]
  readonly addressDigestsOf: AddressDigests
  readonly clock: Clock
}

/** Null if the store has no place for them. */
export function createOneTimeTokens(options: OneTimeTokensOptions): OneTimeTokens | null {
  const { secret, previousSecrets, addressDigestsOf, clock } = options
  const { oneTimeTokens: store, throttle } = options.store
  if (store === undefined) return null
  const payloads = createSealedPayloads(secret, previousSecrets)
  const codeDigestsOf = createCodeDigests(secret, previousSecrets)
  const sourceDigest = createKeyedDigest(secret, 'portcullis wrong links')

  function open(record: OneTimeTokenRecord): OpenedToken {
    const opened = payloads.open(record)
    if (opened !== null) return { ...record, payload: opened.payload }
    throw new TypeError('A one-time token cannot be opened: it was altered, or its secret is gone.')
  }

  const openOrNull = (record: OneTimeTokenRecord | null) => record && open(record)

  async function refuseThrottled(key: string): Promise<void> {
    const now = clock()
    const [state] = await throttle.find([key])
    const until = waitOf(state?.blockedUntil ?? 0, now, wrongLinks)
    if (until !== null) throw new ThrottledError(until - now)
  }

  return {
    ...createOneTimeSecrets(secret),
    newId: () => uuidv7(),
    addressDigestsOf,
    codeDigestOf: (kind, subject, code) => codeDigestsOf(kind, subject, code)[0] as string,
    isCodeOf: ({ kind, subject, digest }, code) =>
      codeDigestsOf(kind, subject, code).includes(digest),
    async put(token, storedWith) {
      const { kind, subject, digest, user, emailKey = null, expiresAt } = token
      return await store.put(
        {
          ...{ kind, subject, digest, expiresAt, tries: 0 },
          createdAt: token.createdAt ?? clock(),
          userId: user?.id ?? null,
          securityStamp: user?.securityStamp ?? null,
          addressDigest: emailKey === null ? null : addressDigestsOf(emailKey)[0],
          payload: payloads.seal(token.payload, token),
        },
        storedWith,
      )
    },
    async find(kind, token, address) {
      const key = sourceDigest(sourceOf(address))
      await refuseThrottled(key)
      const isForm = typeof token === 'string' && /^pot_[\w-]{43}$/.test(token)
      const found = isForm ? await store.find(tokenDigestOf(kind, token), clock()) : null
      if (found === null) await throttle.count({ key, now: clock(), rule: wrongLinks })
      return openOrNull(found)
    },
    findByDigest: async (digest) => openOrNull(await store.find(digest, clock())),
    findBySubject: async (kind, subject, { evenIfExpired = false } = {}) =>
      openOrNull(await store.findBySubject(kind, subject, evenIfExpired ? 0 : clock())),
    async findByAddress(kind, emailKey) {
      const found: OpenedToken[] = []
      for (const digest of addressDigestsOf(emailKey)) {
        found.push(...(await store.findByAddress(kind, digest, clock())).map(open))
      }
      return found
    },
    countTry: async (kind, subject, most) =>
      openOrNull(await store.countTry(kind, subject, most, clock())),
    list: async (kind, query) => (await store.list({ kind, ...query })).map(open),
    end: (kind, subject, storedWith) => store.end(kind, subject, storedWith),
    prune: (signal) =>
      pruneInBatches((limit) => store.prune(clock() - keptAfterExpiry, limit), signal),
  }
}
