import { v7 as uuidv7 } from 'uuid'
import { checkRole, type Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import { mailLifetime } from '../mail/kinds.ts'
import { tokenDigestOf } from '../mail/one-time-secret.ts'
import type { Outbox } from '../mail/outbox.ts'
import { type PageQuery, withLimit } from '../page.ts'
import type { Store } from '../store.ts'
import { readEmail } from '../users/email.ts'
import type { OwnFields } from '../users/own-fields.ts'
import { isSuspended } from '../users/suspension.ts'
import { linkEnded, type User } from '../users/user.ts'
import type { UserFields } from '../users/user-fields.ts'
import { canonicalUsername, usernameRule } from '../users/username.ts'
import type { LinkMaker } from './links.ts'
import type { CompleteAccount, NewAccount } from './new-account.ts'
import type { OneTimeTokens, OpenedToken } from './one-time-tokens.ts'
import { emailInvalid } from './registration.ts'

/** Somebody who may become a user. */
export interface Invitation {
  /** UUIDv7. */
  readonly id: string
  /** Where the link was sent; null if it was handed over. */
  readonly email: string | null
  /** The name that the user will have; null if they choose one. */
  readonly username: string | null
  /** The role that the user will have. */
  readonly role: string
  /** The application's own fields that the user will have. */
  readonly fields: UserFields
  /** The id of the user who invited; null for the command line. */
  readonly invitedBy: string | null
  /** Seconds since 1970. */
  readonly createdAt: number
  /** Seconds since 1970. */
  readonly expiresAt: number
}

/** An invitation that was made, and its link if it is to be handed over. */
export interface MadeInvitation extends Invitation {
  /** Shown once. Null if it was mailed. */
  readonly link: string | null
}

/** Whom to invite. */
export interface NewInvitation {
  /** Default: nobody is mailed, and the link is returned. */
  readonly email?: string | undefined
  /** Default: the user chooses a name. */
  readonly username?: string | undefined
  /** Default: the default role. */
  readonly role?: string | undefined
  /**
   * The application's own fields that the user will have. What users may write themselves, they may change
   * when they accept. Default: none but the defaults of the schema.
   */
  readonly fields?: UserFields | undefined
  /** Seconds. Default 604800 (7 days); 2592000 (30 days) at most. */
  readonly expiresIn?: number | undefined
  /** Return the link although it could be mailed. It is not mailed then, and proves no address. Default false. */
  readonly returnLink?: boolean | undefined
  /** The id of the user who invites, who can grant no more than their own role does. Default: nobody limits it. */
  readonly invitedBy?: string | undefined
}

/** Lets people become users whom somebody has invited. */
export interface Invitations<Fields extends UserFields = UserFields> {
  /**
   * Invites somebody. The link is mailed, or returned once if there is no mailer, no address, or it is
   * asked for.
   *
   * @throws {UserError} `email_invalid`, `email_taken`, `username_invalid`, `username_taken`, `role_unknown`,
   * `fields_invalid`, `registration_refused` if the inviter may not grant the role.
   */
  create(invitation: NewInvitation, by?: Actor): Promise<MadeInvitation>
  /** Those that are open or have expired, oldest first; `after` is the id of the last one seen. */
  list(
    query?: PageQuery<{ readonly limit: number; readonly after?: string }>,
  ): Promise<readonly Invitation[]>
  /** Makes a new link, which ends the older one. @throws {UserError} `invitation_unknown` */
  resend(id: string, options?: ResendOptions, by?: Actor): Promise<MadeInvitation>
  /** Withdraws it: its link ends. @throws {UserError} `invitation_unknown` */
  withdraw(id: string, by?: Actor): Promise<void>
  /**
   * Makes an active user. The role is judged again: what the inviter may no longer grant becomes the
   * default role. No login follows.
   *
   * @throws as `Registration.complete`
   */
  accept(account: CompleteAccount<Fields>): Promise<User<Fields>>
}

/** How an invitation is sent again. */
export interface ResendOptions {
  /** As in `NewInvitation`. Default false. */
  readonly returnLink?: boolean | undefined
}

export interface InvitationsOptions {
  readonly store: Store
  readonly roles: Roles
  readonly defaultRole: string
  readonly tokens: OneTimeTokens
  readonly outbox: Outbox | null
  readonly links: LinkMaker
  readonly newAccount: NewAccount
  readonly fields: OwnFields
  readonly events: AuthEvents
  readonly clock: Clock
}

const day = 24 * 60 * 60
const usualLife = 7 * day
const longestLife = 30 * day

/** What is stored of an invitation, sealed. */
type Contents = Readonly<
  Record<'email' | 'username' | 'invitedBy', string | null> & {
    role: string
    /** Absent in invitations of earlier versions. */
    fields?: UserFields
    wasMailed: boolean
    /** Whether the link was ever handed over: then it proves no address. */
    wasShown: boolean
  }
>

export function createInvitations(options: InvitationsOptions): Invitations {
  const { store, roles, defaultRole, tokens, outbox, links, newAccount, events, clock } = options
  const { fields: ownFields } = options

  /** True if an inviter may give the role to somebody now. */
  async function mayGrant(invitedBy: string | null, role: string): Promise<boolean> {
    if (invitedBy === null) return true
    const inviter = await store.users.findById(invitedBy)
    if (!inviter?.active || isSuspended(inviter, clock())) return false
    const own = roles.permissionsOf(inviter.role)
    return own.includes('*') || roles.permissionsOf(role).every((each) => own.includes(each))
  }

  async function issue(
    id: string,
    contents: Omit<Contents, 'wasMailed'>,
    times: { readonly createdAt: number; readonly expiresAt: number },
    { by, returnLink }: { readonly by: Actor | undefined; readonly returnLink: boolean },
  ): Promise<MadeInvitation> {
    const { email } = contents
    const isMailed = outbox !== null && email !== null && !returnLink
    const mail =
      isMailed && outbox.prepare('invitation', { to: email, payload: { invitation: id } })
    const secret = tokens.tokenOf(mail ? mail.id : tokens.newId(), 'invitation')
    const payload = { ...contents, wasMailed: isMailed, wasShown: contents.wasShown || !isMailed }
    const details = { role: contents.role, link_shown: !isMailed, invitation: id }
    const { createdAt, expiresAt } = times
    await events.recordWith({ ...by, type: 'user_invited', details }, (event) =>
      tokens.put(
        {
          ...{ kind: 'invitation', subject: id, payload, createdAt, expiresAt },
          digest: tokenDigestOf('invitation', secret),
          emailKey: email === null ? null : (readEmail(email)?.key ?? null),
        },
        {
          event,
          mails: mail
            ? [{ ...mail, expiresAt: Math.min(expiresAt, clock() + mailLifetime.invitation) }]
            : [],
        },
      ),
    )
    if (mail) outbox?.wake()
    const link = isMailed ? null : links.withToken('invitation', secret)
    return { id, ...shown(payload), ...times, link }
  }

  async function existingInvitation(id: string): Promise<OpenedToken> {
    const token = await tokens.findBySubject('invitation', id, { evenIfExpired: true })
    if (token) return token
    throw new UserError('invitation_unknown', ['There is no such invitation.'])
  }

  return {
    async create(invitation, by) {
      const { role = defaultRole, expiresIn = usualLife, returnLink = false } = invitation
      const { invitedBy = null } = invitation
      const read = invitation.email === undefined ? null : readEmail(invitation.email)
      if (read === null && invitation.email !== undefined) throw emailInvalid()
      const username =
        invitation.username === undefined ? null : canonicalUsername(invitation.username)
      if (username === null && invitation.username !== undefined) {
        throw new UserError('username_invalid', [usernameRule])
      }
      checkRole(roles, role)
      if (!Number.isSafeInteger(expiresIn) || expiresIn < 60 || expiresIn > longestLife) {
        throw new RangeError(`An invitation lives from 60 to ${longestLife} seconds.`)
      }
      if (!(await mayGrant(invitedBy, role))) {
        throw new UserError('registration_refused', [
          `You cannot invite somebody as ${role}: your own role grants less.`,
        ])
      }
      if (username !== null && (await store.users.findByUsername(username))) {
        throw new UserError('username_taken', ['The username is taken.'])
      }
      if (read !== null && (await store.users.findByEmail(read.key))) {
        throw new UserError('email_taken', ['Another user has verified the e-mail address.'])
      }
      const fields = await ownFields.judgePart(invitation.fields ?? {})
      const now = clock()
      return await issue(
        uuidv7(),
        { email: read?.email ?? null, username, role, fields, invitedBy, wasShown: false },
        { createdAt: now, expiresAt: now + expiresIn },
        { by, returnLink },
      )
    },
    async list(query) {
      return (await tokens.list('invitation', withLimit(query))).map((token) => ({
        id: token.subject,
        ...shown(token.payload as Contents),
        createdAt: token.createdAt,
        expiresAt: token.expiresAt,
      }))
    },
    async resend(id, { returnLink = false } = {}, by) {
      const { payload, createdAt, expiresAt } = await existingInvitation(id)
      const { email, username, role, fields = {}, invitedBy, wasShown } = payload as Contents
      const life = Math.max(expiresAt - createdAt, usualLife)
      return await issue(
        id,
        { email, username, role, fields, invitedBy, wasShown },
        { createdAt, expiresAt: clock() + Math.min(life, longestLife) },
        { by, returnLink },
      )
    },
    async withdraw(id, by) {
      const event = { ...by, type: 'invitation_withdrawn', details: { invitation: id } } as const
      const ended = await events.recordWith(event, (stored) =>
        tokens.end('invitation', id, { event: stored }),
      )
      if (!ended) throw new UserError('invitation_unknown', ['There is no such invitation.'])
    },
    async accept(account) {
      const token = await tokens.find('invitation', account.token, account.address)
      if (token === null) throw linkEnded()
      const { email, username, role, fields, invitedBy, wasShown } = token.payload as Contents
      const isKnown = roles.names.includes(role)
      const mayStill = isKnown && (await mayGrant(invitedBy, role))
      return await newAccount.create({
        ...{ account, token, email, username, type: 'user_registered' },
        // A link that somebody was handed says nothing of who reads the address.
        isVerified: email !== null && !wasShown,
        role: mayStill ? role : defaultRole,
        ...(fields && { fields }),
        refusedRole: mayStill ? undefined : role,
      })
    },
  }
}

function shown({
  email,
  username,
  role,
  fields = {},
  invitedBy,
}: Contents): Pick<Invitation, 'email' | 'username' | 'role' | 'fields' | 'invitedBy'> {
  return { email, username, role, fields, invitedBy }
}
