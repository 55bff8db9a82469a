import type { AuthEvent } from '../events/event-store.ts'
import type { NewMail } from './outbox-store.ts'

/** A one-time token that a change uses up. */
export interface Redemption {
  /** The digest of the token. */
  readonly digest: string
  /** Seconds since 1970: the token must be live then. */
  readonly now: number
}

/** Which clients are told that all sessions of a user end. */
export interface NotifiedClients {
  /** The clients that want to be told. */
  readonly clientIds: readonly string[]
  /** Seconds since 1970: a session that has expired by then is told of to nobody. */
  readonly now: number
}

/**
 * What is stored in the transaction of a change, if the change is made: neither is there without the other.
 * Each is absent unless it is given.
 */
export interface StoredWith {
  /** What happened. */
  readonly event?: AuthEvent | undefined
  /**
   * Mails that tell of the change. One with a `coalesceKey` is left out if another with the key was made at
   * most `coalescesFor` seconds before it.
   */
  readonly mails?: readonly NewMail[] | undefined
  /**
   * A one-time token that is used up in the same step. If it is not live, the change is not made:
   * `ConflictError` `token_ended`. If the change is not made, the token stays.
   */
  readonly redeems?: Redemption | undefined
  /** Every one-time token that is about one of these addresses (their digests) ends in the same step. */
  readonly endsAddresses?: readonly string[] | undefined
  /**
   * For a change of a user's stamp, or the removal of a user: a notice for each live session that ends with it
   * and was opened through a browser session for one of these clients.
   */
  readonly notifies?: NotifiedClients | undefined
  /**
   * Statements of the application in the same transaction, after the change. What it throws undoes all, and
   * is thrown as it is. A store without transactions throws a `TypeError`.
   */
  readonly alongside?: ((transaction: StoreTransaction) => Promise<void>) | undefined
}

/** The transaction of a change, for statements of the application. */
export interface StoreTransaction {
  /**
   * Runs one statement of SQL and returns its rows. Parameters are `?` in SQLite, and `$1`, `$2` in
   * PostgreSQL.
   */
  query<Row = Readonly<Record<string, unknown>>>(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<readonly Row[]>
}
