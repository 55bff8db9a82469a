import type { RequestOrigin } from '../accounts/request.ts'
import { UserError } from '../errors.ts'
import type { FactorKind, FactorRecord } from './factor-record.ts'

/** A second factor, without what it is checked by. */
export interface Factor {
  /** UUIDv7. */
  readonly id: string
  /** `totp` is an authenticator app, `passkey` a passkey. */
  readonly kind: FactorKind
  /** What the user calls it. */
  readonly name: string
  /** Seconds since 1970. */
  readonly createdAt: number
  /** Seconds since 1970. */
  readonly lastUsedAt: number | null
  /** Whether a passkey is kept on several devices, as it said last. Null for an app. */
  readonly synced: boolean | null
}

/** Who changes factors of their own, and from where. */
export interface OwnFactors extends RequestOrigin {
  /** Whose factors they are. */
  readonly userId: string
}

/** Factors that a user may have. */
export const mostFactors = 10
const longestName = 64

/** A factor as its user sees it. */
export function toFactor({ id, kind, name, createdAt, lastUsedAt, passkey }: FactorRecord): Factor {
  return { id, kind, name, createdAt, lastUsedAt, synced: passkey?.backedUp ?? null }
}

/** @throws {UserError} `factor_invalid` for what is no name */
export function readName(name: string): string {
  const trimmed = name.trim()
  if (trimmed !== '' && trimmed.length <= longestName && !/\p{Cc}/u.test(trimmed)) return trimmed
  throw invalid(`The name must have 1 to ${longestName} characters, in one line.`)
}

/** The refusal of one more. */
export function tooMany(): UserError {
  return invalid(`There are ${mostFactors} second factors already: remove one first.`)
}

function invalid(says: string): UserError {
  return new UserError('factor_invalid', [says])
}
