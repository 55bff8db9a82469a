import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import { mailLifetime } from '../mail/kinds.ts'
import type { MailLimits } from '../mail/mail-limits.ts'
import type { Notices } from '../mail/notices.ts'
import { tokenDigestOf } from '../mail/one-time-secret.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { NewMail } from '../mail/outbox-store.ts'
import { programOf } from '../mail/program.ts'
import type { Store } from '../store.ts'
import type { AskingToken } from '../tokens/authentication.ts'
import { type EmailAddress, isMixedScript, readEmail } from '../users/email.ts'
import { newSecurityStamp } from '../users/security-stamp.ts'
import { existing, explainConflict, linkEnded, present, type User } from '../users/user.ts'
import { changesOf, renamedWith } from '../users/user-email.ts'
import type { UserFields } from '../users/user-fields.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { OneTimeTokens, OpenedToken } from './one-time-tokens.ts'
import { emailInvalid } from './registration.ts'
import type { RequestOrigin } from './request.ts'

/** A request of a user who is logged in. */
export interface OwnRequest extends RequestOrigin {
  /** The user. */
  readonly userId: string
  /** The session that asks: the code counts in it alone. */
  readonly sessionId: string
  /**
   * What the access token that asks says. If the session is no longer as it says, it ends with the others. Default:
   * the session may be anything.
   */
  readonly token?: AskingToken | undefined
}

/** Lets users set and change their address, and proves that they read it. */
export interface EmailChange<Fields extends UserFields = UserFields> {
  /**
   * Mails a code to the new address, and tells the old one. Nothing is changed before the code comes back.
   * To an address that another user has verified no code is sent, but its owner is told; the answer is the
   * same.
   *
   * Does not check how long ago the user logged in: guard the route with `requireRecentLogin`.
   *
   * @throws {UserError} `email_invalid`, `user_unknown`
   */
  request(request: OwnRequest & { readonly email: string }): Promise<void>
  /** Sends the code again, or one for an address that is not verified yet. */
  sendAgain(request: OwnRequest): Promise<void>
  /**
   * Sets the address that the code was sent to, verified. Every other session, token and link of the user
   * ends. Five wrong codes, ten minutes, or the end of the session end the code.
   *
   * @throws {UserError} `code_incorrect`, `email_taken`, `user_unknown`
   */
  confirm(confirmation: OwnRequest & { readonly code: string }): Promise<User<Fields>>
  /** Removes the address, and tells it so. @throws {UserError} `user_unknown` */
  remove(request: OwnRequest): Promise<User<Fields>>
  /**
   * Puts an address back that was changed within the last 72 hours, by the link that it was sent. Ends every
   * session and API key, and the links of all later changes: who made those gets nothing back.
   *
   * @throws {UserError} `link_ended`
   */
  restore(restoration: RequestOrigin & { readonly token: string }): Promise<void>
}

export interface EmailChangeOptions {
  readonly store: Store
  readonly tokens: OneTimeTokens
  readonly outbox: Outbox
  readonly limits: MailLimits
  readonly notices: Notices
  readonly events: AuthEvents
  readonly clock: Clock
}

const mostTries = 5
/** Seconds that a code counts. */
export const codeLifetime: number = mailLifetime.email_code
/** Seconds in which a change can be taken back. */
export const restoreLifetime: number = 72 * 60 * 60

export function createEmailChange(options: EmailChangeOptions): EmailChange {
  const { store, tokens, outbox, limits, notices, events, clock } = options

  async function sendCode(
    user: UserRecord,
    { email, key }: EmailAddress,
    { sessionId, address, userAgent, locale }: OwnRequest,
    tells: boolean,
  ): Promise<void> {
    if (!(await limits.mayCause(key, address))) return
    const payload = { userId: user.id }
    const mail = outbox.prepare('email_code', { to: email, payload, locale })
    const code = tokens.codeOf(mail.id, 'email_change')
    const origin = { address, userAgent }
    await tokens.put(
      {
        ...{ kind: 'email_change', subject: user.id, user, emailKey: key },
        digest: tokens.codeDigestOf('email_change', user.id, code),
        payload: { email, sessionId },
        expiresAt: clock() + codeLifetime,
      },
      { mails: tells ? [mail, ...notices.of('email_change_begun', user, origin)] : [mail] },
    )
    outbox.wake()
  }

  /** The mail to an address that is no longer the user's, whose link is stored before the change is. */
  async function farewell(
    { id, email, emailVerifiedAt }: UserRecord,
    request: RequestOrigin,
  ): Promise<readonly NewMail[]> {
    if (email === null || emailVerifiedAt === null) return []
    const { address = null, userAgent } = request
    const facts = { at: clock(), source: address, program: programOf(userAgent) }
    const payload = { ...facts, userId: id, restorable: true }
    const mail = outbox.prepare('email_changed', { to: email, payload })
    const token = tokens.tokenOf(mail.id, 'email_restore')
    await tokens.put({
      // Bound to no stamp: an attacker who has the account could change that.
      ...{ kind: 'email_restore', subject: mail.id, payload: { userId: id, email } },
      ...{ digest: tokenDigestOf('email_restore', token), emailKey: changesOf(id) },
      expiresAt: clock() + restoreLifetime,
    })
    return [mail]
  }

  /** Ends the links of changes that came after the one of this link. */
  async function endLater({ subject }: OpenedToken, userId: string): Promise<void> {
    for (const each of await tokens.findByAddress('email_restore', changesOf(userId))) {
      // The ids of mails are in the order of time.
      if (each.subject > subject) await tokens.end('email_restore', each.subject)
    }
  }

  return {
    async request(request) {
      const read = readEmail(request.email)
      if (read === null || isMixedScript(read)) throw emailInvalid()
      await sendCode(existing(await store.users.findById(request.userId)), read, request, true)
    },
    async sendAgain(request) {
      const user = existing(await store.users.findById(request.userId))
      const pending = await tokens.findBySubject('email_change', user.id)
      const isOurs = pending?.payload.sessionId === request.sessionId
      const address = isOurs ? String(pending?.payload.email) : (user.email ?? '')
      const read = readEmail(address)
      const isDone = !isOurs && user.emailVerifiedAt !== null
      if (read !== null && !isDone) await sendCode(user, read, request, false)
    },
    async confirm({ userId, sessionId, token: asking, code, ...request }) {
      const token = await tokens.countTry('email_change', userId, mostTries)
      const isRight =
        token !== null &&
        token.payload.sessionId === sessionId &&
        /^\d{8}$/.test(code) &&
        tokens.isCodeOf(token, code)
      const user = isRight ? await store.users.findById(userId) : null
      const read = isRight ? readEmail(token.payload.email) : null
      if (!isRight || user === null || read === null) throw codeIncorrect()
      const changed = await change(
        user,
        { ...read, at: clock() },
        { sessionId, asking, digest: token.digest, stamp: token.securityStamp ?? '' },
        request,
      )
      if (changed === null) throw codeIncorrect()
      return present(changed)
    },
    async remove({ userId, sessionId, token: asking, ...request }) {
      const user = existing(await store.users.findById(userId))
      const from = { sessionId, asking, stamp: user.securityStamp }
      return present(await change(user, null, from, request))
    },
    async restore({ token, ...request }) {
      const { address, requestId } = request
      const found = await tokens.find('email_restore', token, address)
      const { userId, email } = (found?.payload ?? {}) as Readonly<Record<string, string>>
      const read = readEmail(email)
      if (found === null || read === null || userId === undefined) throw linkEnded()
      const user = await store.users.findById(userId)
      // Who is shut out changes nothing; after a reactivation the link works again.
      if (!user?.active) throw linkEnded()
      await endLater(found, userId)
      const happening = { address, requestId, type: 'email_changed', userId } as const
      const changed = await events
        .recordWith({ ...happening, details: { restored: true } }, (event) =>
          store.users.update(
            userId,
            {
              ...{ email: read.email, emailKey: read.key, emailVerifiedAt: clock() },
              securityStamp: newSecurityStamp(),
            },
            {
              event,
              // To the address until now. It may be a thief's, who is not told where the owner is.
              mails: user.emailKey === read.key ? [] : notices.of('email_changed', user),
              redeems: { digest: found.digest, now: clock() },
              // A thief may have made some.
              endsApiKeysOf: userId,
            },
          ),
        )
        .catch(explainConflict)
      if (changed === null) throw linkEnded()
      notices.wake()
      // That of a change that was under way: the stamp has ended what comes after.
      await endLater(found, userId)
    },
  }

  async function change(
    user: UserRecord,
    to: (EmailAddress & { readonly at: number }) | null,
    from: {
      readonly sessionId: string
      readonly asking: AskingToken | undefined
      readonly stamp: string
      readonly digest?: string
    },
    request: RequestOrigin,
  ): Promise<UserRecord | null> {
    const { address, requestId } = request
    const confirmation = to
      ? [outbox.prepare('email_confirmed', { to: to.email, payload: { userId: user.id } })]
      : []
    const by = { actor: actorOf({ userId: user.id }), address, requestId }
    const farewells = await farewell(user, request)
    const keepSession = { id: from.sessionId, token: from.asking }
    const changed = await events
      .recordWith({ ...by, type: 'email_changed', userId: user.id }, (event) =>
        store.users.update(
          user.id,
          {
            email: to?.email ?? null,
            emailKey: to?.key ?? null,
            emailVerifiedAt: to?.at ?? null,
            securityStamp: newSecurityStamp(),
            ...renamedWith(user, to?.key ?? null),
          },
          {
            ...{ event, ifStamp: from.stamp, keepSession },
            mails: [...confirmation, ...farewells],
            ...(from.digest && { redeems: { digest: from.digest, now: clock() } }),
            ...(to && { endsAddresses: tokens.addressDigestsOf(to.key) }),
          },
        ),
      )
      .catch(explainConflict)
    if (changed !== null) outbox.wake()
    return changed
  }
}

function codeIncorrect(): UserError {
  return new UserError('code_incorrect', [
    'The code is not right, or it has ended: ask for a new one.',
  ])
}
