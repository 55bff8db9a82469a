/** Why a database cannot be used at all, as opposed to not now (`UnavailableError`). */
export type StoreErrorCode =
  | 'corrupt'
  | 'read_only'
  | 'newer_version'
  | 'unreadable'
  | 'unsafe_file'
  | 'file_exists'
  | 'access_denied'
  | 'no_database'
  | 'no_tls'

/** A database that cannot be opened: what is wrong with it, and what to do, in one sentence. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /** Why the database cannot be used, for a program. */
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
