import type { Clock } from '../clock.ts'
import { ConflictError } from '../errors.ts'
import { mailLifetime } from '../mail/kinds.ts'
import type { MailLimits } from '../mail/mail-limits.ts'
import { tokenDigestOf } from '../mail/one-time-secret.ts'
import type { Program } from '../mail/program.ts'
import type { OpenedMail } from '../mail/sealed-mail.ts'
import type { Notice, ResolvedMail } from '../mail/templates/mail-data.ts'
import type { Store } from '../store.ts'
import { readEmail } from '../users/email.ts'
import type { UserRecord } from '../users/user-store.ts'
import { canonicalUsername } from '../users/username.ts'
import type { LinkMaker } from './links.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'

export interface ResolveMailOptions {
  readonly store: Store
  readonly tokens: OneTimeTokens
  readonly limits: MailLimits
  readonly links: LinkMaker
  /** Whether users may ask for a new password themselves. */
  readonly passwordReset: boolean
  readonly clock: Clock
}

/**
 * Finds out, when a mail is sent, to whom it goes and what it says; null if to nobody. Here it is looked at
 * whose address it is: the request that caused the mail has not looked. The token of a link is made and
 * stored here too, the same one each time the mail is tried.
 */
export function createResolveMail(
  options: ResolveMailOptions,
): (mail: OpenedMail) => Promise<ResolvedMail | null> {
  const { store, tokens, limits, links, passwordReset, clock } = options

  const localeOf = ({ payload }: OpenedMail): string | null =>
    typeof payload.locale === 'string' ? payload.locale : null

  async function registration(mail: OpenedMail): Promise<ResolvedMail | null> {
    const read = readEmail(mail.to)
    if (read === null) return null
    const locale = localeOf(mail)
    const owner = await store.users.findByEmail(read.key)
    if (owner !== null) {
      const resetLink = passwordReset ? links.page('passwordResetRequest') : null
      return to(owner, locale, { kind: 'already_registered', data: { resetLink } })
    }
    const token = mail.tokenOf('registration')
    const expiresAt = mail.createdAt + mailLifetime.registration
    const [subject, ...earlier] = tokens.addressDigestsOf(read.key)
    // One link an address, also where the secret has changed since the one before.
    for (const each of earlier) await tokens.end('registration', each)
    await tokens.put({
      ...{ kind: 'registration', subject, emailKey: read.key },
      ...{ digest: tokenDigestOf('registration', token), expiresAt },
      payload: { email: read.email },
    })
    const data = { link: links.withToken('registration', token), expiresAt }
    return { kind: 'registration', to: read.email, locale, data }
  }

  /** The invitation once more, with a new link; null if none was mailed to the address. */
  async function invitationAgain(mail: OpenedMail, key: string): Promise<ResolvedMail | null> {
    const [found] = await tokens.findByAddress('invitation', key)
    const email = found?.payload.email
    // One that was handed over stays as it is.
    if (!found?.payload.wasMailed || typeof email !== 'string') return null
    const token = mail.tokenOf('invitation')
    const { subject, payload, createdAt, expiresAt } = found
    const digest = tokenDigestOf('invitation', token)
    const again = { kind: 'invitation', subject, payload, createdAt, expiresAt } as const
    const isNewest =
      digest === found.digest ||
      // In the place of that link alone: withdrawn or accepted meanwhile, it is not to come back.
      (await tokens
        .put(
          { ...again, emailKey: key, digest },
          { redeems: { digest: found.digest, now: clock() } },
        )
        .catch(falseIfEnded))
    if (!isNewest) return null
    const data = { link: links.withToken('invitation', token), expiresAt }
    return { kind: 'invitation', to: email, locale: localeOf(mail), data }
  }

  /** The user of a name that was typed. A text that can be nobody's name is not looked for. */
  async function userOf(typed: unknown): Promise<UserRecord | null> {
    const name = typeof typed === 'string' ? canonicalUsername(typed) : null
    return name === null ? null : await store.users.findByUsername(name)
  }

  async function passwordResetMail(mail: OpenedMail): Promise<ResolvedMail | null> {
    const { username } = mail.payload
    const read = readEmail(mail.to)
    const user = read ? await store.users.findByEmail(read.key) : await userOf(username)
    if (user === null) return read && (await invitationAgain(mail, read.key))
    const { emailKey, emailVerifiedAt } = user
    if (!user.active || emailKey === null || emailVerifiedAt === null) return null
    // Once: a relay that takes it at a later try costs nobody a mail.
    const isFirstTry = mail.attempts === 1
    if (read === null && isFirstTry && !(await limits.mayReach(emailKey))) return null
    const locale = localeOf(mail)
    if (user.passwordHash === null) {
      const [identity] = await store.identities.listByUser(user.id)
      if (identity) {
        const data = { issuer: identity.issuer }
        return to(user, locale, { kind: 'password_elsewhere', data })
      }
    }
    const token = mail.tokenOf('password_reset')
    const digest = tokenDigestOf('password_reset', token)
    const expiresAt = mail.createdAt + mailLifetime.password_reset
    if (await isOver(mail.id, user.id, digest)) return null
    const isStored = await tokens.put({
      ...{ kind: 'password_reset', subject: user.id, user, emailKey, payload: {}, expiresAt },
      digest,
    })
    if (!isStored) return null
    await tokens.put({
      ...{ kind: 'password_reset', subject: lastOf(user.id), payload: { mail: mail.id } },
      // Of no link: nothing has this digest.
      ...{ digest: lastOf(user.id), expiresAt },
    })
    const link = links.withToken('passwordReset', token)
    return to(user, locale, {
      kind: 'password_reset',
      data: { link, expiresAt, username: user.username },
    })
  }

  /**
   * True for a mail that is tried again although its link has ended meanwhile, by its use or by a new password,
   * or although a newer one was made.
   */
  async function isOver(mailId: string, userId: string, digest: string): Promise<boolean> {
    const kind = 'password_reset'
    const last = await tokens.findBySubject(kind, lastOf(userId), { evenIfExpired: true })
    if (last === null || String(last.payload.mail) < mailId) return false
    return (await tokens.findBySubject(kind, userId))?.digest !== digest
  }

  async function invitation(mail: OpenedMail): Promise<ResolvedMail | null> {
    const id = String(mail.payload.invitation)
    const token = mail.tokenOf('invitation')
    const found = await tokens.findBySubject('invitation', id)
    // Accepted, withdrawn, or sent again meanwhile.
    if (found?.digest !== tokenDigestOf('invitation', token) || mail.to === null) return null
    const data = { link: links.withToken('invitation', token), expiresAt: found.expiresAt }
    return { kind: 'invitation', to: mail.to, locale: null, data }
  }

  async function emailCode(mail: OpenedMail): Promise<ResolvedMail | null> {
    const read = readEmail(mail.to)
    const userId = String(mail.payload.userId)
    const pending = await tokens.findBySubject('email_change', userId)
    const code = mail.codeOf('email_change')
    // Asked for again, or ended meanwhile.
    if (read === null || pending === null || !tokens.isCodeOf(pending, code)) return null
    const owner = await store.users.findByEmail(read.key)
    if (owner !== null && owner.id !== userId) {
      return to(owner, null, { kind: 'email_wanted', data: {} })
    }
    const data = { code, expiresAt: pending.expiresAt }
    return { kind: 'email_code', to: read.email, locale: localeOf(mail), data, userId }
  }

  async function emailChanged(mail: OpenedMail): Promise<ResolvedMail | null> {
    const read = readEmail(mail.to)
    if (read === null) return null
    const userId = String(mail.payload.userId)
    const { at, source, program } = noticeOf(mail)
    const about = { kind: 'email_changed', to: read.email, locale: null, userId } as const
    const data = { at, source, program, restoreLink: null, expiresAt: null }
    if (!mail.payload.restorable) return { ...about, data }
    const found = await tokens.findBySubject('email_restore', mail.id)
    // An earlier address is back already.
    if (found === null) return null
    const { expiresAt } = found
    const restoreLink = links.withToken('emailRestore', mail.tokenOf('email_restore'))
    return { ...about, data: { ...data, restoreLink, expiresAt } }
  }

  function noticeOf({ payload, createdAt }: OpenedMail): Notice {
    const { at = createdAt, source = null, program = null } = payload
    return {
      at: Number(at),
      source: source as string | null,
      program: program as Program | null,
      sessionsUrl: links.page('sessions'),
    }
  }

  return async (mail) => {
    const { kind, payload } = mail
    switch (kind) {
      case 'registration':
        return await registration(mail)
      case 'password_reset':
        return await passwordResetMail(mail)
      case 'invitation':
        return await invitation(mail)
      case 'email_code':
        return await emailCode(mail)
      case 'email_changed':
        return await emailChanged(mail)
    }
    if (mail.to === null) return null
    const about = { to: mail.to, locale: localeOf(mail), userId: String(payload.userId) }
    switch (kind) {
      case 'email_confirmed':
        return { kind, ...about, data: {} }
      case 'role_changed':
        return { kind, ...about, data: { ...noticeOf(mail), role: String(payload.role) } }
      case 'recovery_code_used':
        return { kind, ...about, data: { ...noticeOf(mail), left: Number(payload.left) } }
      case 'deletion_begun':
        return { kind, ...about, data: { deleteAt: Number(payload.deleteAt) } }
      case 'api_key_created':
      case 'api_key_ended':
        return { kind, ...about, data: { ...noticeOf(mail), key: String(payload.key) } }
      case 'api_key_expires':
        return {
          ...{ kind, ...about },
          data: { key: String(payload.key), expiresAt: Number(payload.expiresAt) },
        }
      case 'email_change_begun':
      case 'password_changed':
      case 'new_login':
      case 'account_locked':
      case 'factor_added':
      case 'factor_removed':
      case 'factor_locked':
      case 'recovery_codes_made':
        return { kind, ...about, data: noticeOf(mail) }
      default:
        // Those that another mail becomes when it is sent.
        return null
    }
  }
}

/** For a change that needs a token which has ended. */
function falseIfEnded(error: unknown): false {
  if (error instanceof ConflictError && error.code === 'token_ended') return false
  throw error
}

/** What the newest mail with a link for a new password is found by. */
function lastOf(userId: string): string {
  return `last of ${userId}`
}

type About =
  Extract<
    ResolvedMail,
    {
      readonly kind: 'already_registered' | 'password_reset' | 'password_elsewhere' | 'email_wanted'
    }
  > extends infer Each
    ? Each extends ResolvedMail
      ? Pick<Each, 'kind' | 'data'>
      : never
    : never

/** A mail to the stored address of a user, never to the one that was typed. */
function to(user: UserRecord, locale: string | null, about: About): ResolvedMail | null {
  if (user.email === null) return null
  return { ...about, to: user.email, locale, userId: user.id } as ResolvedMail
}
