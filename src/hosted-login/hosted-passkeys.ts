import type { Auth } from '../core/auth.ts'
import { browserClientId } from '../core/clients/registration.ts'
import type { PasskeyChallenge, ShownPasskey } from '../core/factors/passkeys/passkey-calls.ts'
import type { PasskeyRequest } from '../core/factors/passkeys/public-key.ts'
import { internals } from '../core/internals.ts'
import { toUser, type User } from '../core/users/user.ts'

/** From where somebody shows a passkey. */
export interface PasskeyOrigin {
  /** Their IP address, for limits and events. Default: unknown. */
  readonly address?: string
  /** Of their browser, for mails and events. Default: unknown. */
  readonly userAgent?: string
  /** The id of the request in the log, for events. Default: unknown. */
  readonly requestId?: string
}

/** A login by a passkey, for `complete`. */
export interface PasskeyLogin {
  /** Whose passkey it is. */
  readonly user: User
  /** `phr`: two factors, and nothing that a false page could use. */
  readonly acr: string
  /** In the words of RFC 8176: `hwk` or `swk`, `user`, `mfa`. */
  readonly amr: readonly string[]
}

/** Passkeys on a login page of your own. */
export interface HostedPasskeys {
  /** What the page asks the browser with. Good once, for 5 minutes. Nothing is stored, and no user is named. */
  challenge(): PasskeyChallenge<PasskeyRequest>
  /**
   * The user of a passkey that has verified its user, for `complete`; null for every other passkey. Opens no session.
   *
   * @throws {ThrottledError} if too many passkeys or codes of its user were wrong before.
   */
  logIn(shown: ShownPasskey, from?: PasskeyOrigin): Promise<PasskeyLogin | null>
}

/** Null if passkeys are off. */
export function hostedPasskeys(auth: Auth): HostedPasskeys | null {
  const passkeys = auth[internals].second?.passkeys
  if (!passkeys) return null
  return {
    challenge: () => passkeys.challenge(),
    async logIn(shown, from = {}) {
      const { address, userAgent, requestId } = from
      const origin = { address, userAgent, requestId, clientId: browserClientId }
      const login = await passkeys.logIn(shown, origin)
      if (login.kind !== 'proved') return null
      const { acr, amr } = login.authentication
      return { user: toUser(login.user), acr, amr }
    },
  }
}
