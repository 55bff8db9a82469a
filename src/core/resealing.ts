import { createSealedPayloads } from './accounts/sealed-payload.ts'
import type { Clock } from './clock.ts'
import type { Actor, AuthEvents } from './events/events.ts'
import { createSealedSecrets } from './factors/sealed-secrets.ts'
import { createMac } from './keys/keyed-digest.ts'
import { sealedTokenKinds } from './mail/one-time-token-store.ts'
import { pruneInBatches } from './prune-batches.ts'
import type { Store } from './store.ts'

// After a change of the secret, what lies in the database is opened with the one of before and sealed under the
// one of today. Each write is a compare-and-set: another process, or a login, may do the same at the same time.

/** What was done for the key of today. */
export interface Resealed extends SealedCounts {
  /** Rows that no configured key opens. They stay as they are. */
  readonly unreadable: number
  /**
   * From then on nothing is left that needs a previous key: refresh tokens, cookies and links that were made
   * under it have expired. Seconds since 1970.
   */
  readonly neededUntil: number
}

/** Rows by what they are. */
export interface SealedCounts {
  readonly signingKeys: number
  readonly factors: number
  readonly oneTimeTokens: number
}

/** Moves what is sealed to the key of today. */
export interface Resealing {
  /** Does it, and records that it was done. Several processes may at once. */
  run(by: Actor): Promise<Resealed>
  /** The same for the maintenance: records nothing if there was nothing to do. */
  maintain(signal: AbortSignal): Promise<void>
}

export interface ResealingOptions {
  readonly store: Pick<Store, 'factors' | 'oneTimeTokens'>
  readonly secret: Uint8Array
  readonly previousSecrets: readonly Uint8Array[]
  /** Seals the signing keys again; how many. */
  readonly resealSigningKeys: () => Promise<number>
  /** Seconds that a token lives at most which is not issued again before, such as a refresh token. */
  readonly longestUnrenewed: number
  readonly events: AuthEvents
  readonly clock: Clock
}

type Work = Omit<Resealed, 'neededUntil'> & { readonly linksUntil: number }

export function createResealing(options: ResealingOptions): Resealing {
  const { store, secret, previousSecrets, resealSigningKeys, events, clock } = options
  const secrets = createSealedSecrets(secret, previousSecrets)
  const payloads = createSealedPayloads(secret, previousSecrets)
  const keyId = sealingKeyId(secret)

  async function resealFactors(signal: AbortSignal | undefined): Promise<[number, number]> {
    const { factors } = store
    if (factors === undefined) return [0, 0]
    let [resealed, unreadable, after] = [0, 0, '']
    await pruneInBatches(async (limit) => {
      const page = await factors.listSealed({ after, limit })
      for (const factor of page) {
        after = factor.id
        const opened = secrets.open(factor)
        if (opened === null) unreadable++
        else if (opened.sealedAgain !== undefined && factor.sealedSecret !== null) {
          const change = { id: factor.id, from: factor.sealedSecret, to: opened.sealedAgain }
          if (await factors.reseal(change)) resealed++
        }
      }
      return page.length
    }, signal)
    return [resealed, unreadable]
  }

  async function resealTokens(signal: AbortSignal | undefined): Promise<[number, number, number]> {
    const { oneTimeTokens } = store
    if (oneTimeTokens === undefined) return [0, 0, 0]
    let [resealed, unreadable, linksUntil] = [0, 0, 0]
    for (const kind of sealedTokenKinds) {
      let after: string | undefined
      await pruneInBatches(async (limit) => {
        const page = await oneTimeTokens.list({
          kind,
          limit,
          ...(after !== undefined && { after }),
        })
        for (const token of page) {
          after = token.subject
          const opened = payloads.open(token)
          if (opened === null) unreadable++
          else if (opened.sealedAgain !== undefined) {
            const change = { kind, subject: token.subject, from: token.payload }
            // Before the write: an interruption must not make it too early.
            linksUntil = Math.max(linksUntil, token.expiresAt)
            if (await oneTimeTokens.reseal({ ...change, to: opened.sealedAgain })) resealed++
          }
        }
        return page.length
      }, signal)
    }
    return [resealed, unreadable, linksUntil]
  }

  async function reseal(signal?: AbortSignal): Promise<Work> {
    const signingKeys = await resealSigningKeys()
    const [factors, lostFactors] = await resealFactors(signal)
    const [oneTimeTokens, lostTokens, linksUntil] = await resealTokens(signal)
    const unreadable = lostFactors + lostTokens
    return { signingKeys, factors, oneTimeTokens, unreadable, linksUntil }
  }

  /** The last record that was made under the key of today; undefined for none. */
  async function lastRecord(): Promise<ResealRecord | undefined> {
    const [last] = await events.list({ type: 'secrets_resealed', limit: 1 })
    const { key_id, links_until, needed_until } = last?.details ?? {}
    if (key_id !== keyId) return undefined
    return { linksUntil: Number(links_until), isWhole: needed_until !== undefined }
  }

  /** What was stopped says only what it has moved: something else may still need a previous key. */
  async function record(
    work: Work,
    last: ResealRecord | undefined,
    by: Actor,
    isWhole = true,
  ): Promise<number> {
    const linksUntil = Math.max(work.linksUntil, last?.linksUntil ?? 0)
    const neededUntil = Math.max(clock() + options.longestUnrenewed, linksUntil)
    const details = {
      ...{ signing_keys: work.signingKeys, factors: work.factors },
      ...{ one_time_tokens: work.oneTimeTokens, key_id: keyId },
      ...{ links_until: linksUntil, ...(isWhole && { needed_until: neededUntil }) },
    }
    await events.record({ ...by, type: 'secrets_resealed', details })
    return neededUntil
  }

  return {
    async run(by) {
      const last = await lastRecord()
      const { linksUntil, ...work } = await reseal()
      return { ...work, neededUntil: await record({ ...work, linksUntil }, last, by) }
    },
    async maintain(signal) {
      const last = await lastRecord()
      const work = await reseal(signal)
      const moved = work.signingKeys + work.factors + work.oneTimeTokens > 0
      const isWhole = !signal.aborted
      if (moved || (isWhole && !last?.isWhole)) {
        await record(work, last, { actor: 'system' }, isWhole)
      }
    },
  }
}

interface ResealRecord {
  readonly linksUntil: number
  /** False if it was stopped before it had looked at all. */
  readonly isWhole: boolean
}

/** What a secret is called in events. It cannot be found out from that. */
export function sealingKeyId(secret: Uint8Array): string {
  return createMac(secret, 'portcullis id of the sealing key')('').slice(0, 16)
}
