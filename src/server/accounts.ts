import type { FastifyInstance } from 'fastify'
import type { Auth } from '../core/auth.ts'
import type { Mailbox } from '../core/mail/mailbox.ts'
import type { User } from '../core/users/user.ts'
import { guarded } from '../fastify/guarded.ts'
import type { Guard } from '../http/guards/guard.ts'
import type { Guards } from '../http/guards/guards.ts'
import { emailRoutes } from './routes/account.ts'
import { deletionRoutes } from './routes/deletion.ts'
import { invitationRoutes } from './routes/invitations.ts'
import { passwordResetRoutes } from './routes/password-resets.ts'

interface AccountRoutes {
  readonly auth: Auth
  readonly guards: Guards
  /** Before every route of administrators. */
  readonly administrator: Guard<User>
  /** The mails that are kept instead of sent. Default none. */
  readonly mailbox: Mailbox | undefined
}

/** Adds the routes of accounts that are switched on, and no others. */
export async function registerAccounts(
  app: FastifyInstance,
  { auth, guards, administrator, mailbox }: AccountRoutes,
): Promise<void> {
  const { users, accounts } = auth
  const { emailChange, deletion, invitations, passwordReset } = accounts
  const prefix = '/admin'
  if (emailChange) await app.register(emailRoutes, { emailChange, guards })
  if (deletion) await app.register(deletionRoutes, { auth, deletion, guards })
  if (invitations) {
    const options = { prefix, invitations, guards }
    await app.register(guarded(administrator, invitationRoutes), options)
  }
  if (passwordReset) {
    const options = { prefix, passwordReset, users, guards }
    await app.register(guarded(administrator, passwordResetRoutes), options)
  }
  if (mailbox) {
    const { devMailRoutes } = await import('./routes/dev-mail.ts')
    await app.register(devMailRoutes, { mailbox, issuer: auth.issuer })
  }
}
