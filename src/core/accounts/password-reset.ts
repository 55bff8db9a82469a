import type { Clock } from '../clock.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import { mailLifetime } from '../mail/kinds.ts'
import type { MailLimits } from '../mail/mail-limits.ts'
import type { Notices } from '../mail/notices.ts'
import { tokenDigestOf } from '../mail/one-time-secret.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { Store } from '../store.ts'
import { readEmail } from '../users/email.ts'
import type { Login } from '../users/login.ts'
import type { UserPreparer } from '../users/new-user.ts'
import { newSecurityStamp } from '../users/security-stamp.ts'
import { existing, explainConflict, linkEnded } from '../users/user.ts'
import { canonicalUsername } from '../users/username.ts'
import type { LinkMaker } from './links.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import { emailInvalid } from './registration.ts'
import type { RequestOrigin } from './request.ts'

/** Who forgot a password: by one of these. */
export interface PasswordResetRequest extends RequestOrigin {
  /** As it was typed. */
  readonly email?: string | undefined
  /** As it was typed. */
  readonly username?: string | undefined
  /** As it was typed where either is asked for: an address if it reads as one, else a username. */
  readonly account?: string | undefined
}

/** A new password, chosen behind a link. */
export interface PasswordResetCompletion extends RequestOrigin {
  /** Of the link: `pot_…`. */
  readonly token: string
  /** Must pass the password policy. */
  readonly password: string
}

/** Lets users choose a new password who have forgotten theirs. */
export interface PasswordReset {
  /**
   * Mails a link, if the address or the name is that of an active user with a verified address. The answer
   * is the same for everybody else, changes nothing and locks nothing. Who is invited gets the invitation
   * again; who has no password here is told who keeps it.
   *
   * Does nothing, silently, where the mail limits are reached.
   *
   * @throws {UserError} `email_invalid` if neither was given, or the address is none.
   */
  request(request: PasswordResetRequest): Promise<void>
  /**
   * Sets the password, and nothing else: it logs nobody in and removes no factor. Every session, token, API key
   * and other link of the user ends, and so do the waits for wrong passwords. A refused password does not use
   * the link up.
   *
   * @throws {UserError} `link_ended`, `password_refused`
   * @throws {ThrottledError} if too many wrong links came from the source.
   */
  complete(completion: PasswordResetCompletion): Promise<void>
  /**
   * A link for a user, to be handed over by somebody who has made sure who asks. Its making is an event.
   *
   * @throws {UserError} `user_unknown`
   */
  link(userId: string, by?: Actor): Promise<string>
  /** Mails a link to a user. False if the user is inactive or has no verified address, or there is no mailer. */
  send(userId: string, by?: Actor): Promise<boolean>
}

export interface PasswordResetOptions {
  readonly store: Store
  readonly login: Login
  readonly preparer: UserPreparer
  readonly tokens: OneTimeTokens
  readonly outbox: Outbox | null
  readonly limits: MailLimits
  readonly links: LinkMaker
  readonly notices: Notices
  readonly events: AuthEvents
  readonly clock: Clock
}

export function createPasswordReset(options: PasswordResetOptions): PasswordReset {
  const { store, login, preparer, tokens, outbox, limits, links, notices, events, clock } = options

  return {
    async request({ email, account, username = account, address, locale }) {
      const read = readEmail(email ?? account)
      if (read === null && (email !== undefined || typeof username !== 'string')) {
        throw emailInvalid()
      }
      // A text that is nobody's name is a name to the limits, so that it costs the same.
      const name = read === null ? (canonicalUsername(username ?? '') ?? String(username)) : null
      const asked = read?.key ?? name?.slice(0, 254) ?? ''
      if (outbox === null || !(await limits.mayCause(asked, address))) return
      const payload = { username: name === null ? null : asked }
      await outbox.enqueueLater('password_reset', { to: read?.email, payload, locale })
    },
    async complete({ token, password, address, userAgent, requestId }) {
      const found = await tokens.find('password_reset', token, address)
      const user = found?.userId ? await store.users.findById(found.userId) : null
      if (found === null || user === null) throw linkEnded()
      const hash = await preparer.hashNew(password, user.username)
      const by = { actor: `user:${user.id}`, address, requestId }
      const details = { reset: true }
      const replaced = await events
        .recordWith({ ...by, type: 'authn_password_change', userId: user.id, details }, (event) =>
          store.users.replacePasswordHash(user.id, user.passwordHash, hash, {
            renewal: {
              oldSecurityStamp: found.securityStamp ?? '',
              securityStamp: newSecurityStamp(),
            },
            redeems: { digest: found.digest, now: clock() },
            mails: notices.of('password_changed', user, { address, userAgent }),
            endsApiKeysOf: user.id,
            event,
          }),
        )
        .catch(explainConflict)
      if (!replaced) throw linkEnded()
      notices.wake()
      await login.unlock(user.username)
    },
    async link(userId, by) {
      const user = existing(await store.users.findById(userId))
      const token = tokens.tokenOf(tokens.newId(), 'password_reset')
      const happening = { ...by, type: 'password_reset_requested', userId } as const
      const details = { link_shown: true }
      const made = await events.recordWith({ ...happening, details }, (event) =>
        tokens.put(
          {
            ...{ kind: 'password_reset', subject: userId, user, payload: {} },
            digest: tokenDigestOf('password_reset', token),
            expiresAt: clock() + mailLifetime.password_reset,
          },
          { event },
        ),
      )
      // Inactive, or changed a moment ago.
      if (!made) existing(null)
      return links.withToken('passwordReset', token)
    },
    async send(userId, by) {
      const { active, email, emailVerifiedAt } = existing(await store.users.findById(userId))
      if (outbox === null || !active || email === null || emailVerifiedAt === null) return false
      await events.record({ ...by, type: 'password_reset_requested', userId })
      return await outbox.enqueue(
        outbox.prepare('password_reset', { to: email, payload: { username: null } }),
      )
    },
  }
}
