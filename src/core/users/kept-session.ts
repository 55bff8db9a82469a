import type { AskingToken } from '../tokens/authentication.ts'

/**
 * The session that stays open when a change ends all others: the one that asks for it. It gets the new stamp in the
 * same step, if it is one of the user's and neither revoked nor of another stamp.
 */
export interface KeptSession {
  /** The session. */
  readonly id: string
  /**
   * The access token that asks. If the session is not as it says, somebody else may hold its newest token: then it
   * ends too, and its user logs in again. See `AskingToken`. Default: the session may be anything.
   */
  readonly token?: AskingToken | undefined
}
