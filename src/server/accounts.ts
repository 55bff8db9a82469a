import type { FastifyInstance } from 'fastify'
import type { Auth } from '../core/auth.ts'
import type { Mailbox } from '../core/mail/mailbox.ts'
import type { User } from '../core/users/user.ts'
import { guarded } from '../fastify/guarded.ts'
import type { Guard } from '../http/guards/guard.ts'
import type { Guards } from '../http/guards/guards.ts'
import { invitationRoutes } from './routes/invitations.ts'
import { passwordResetRoutes } from './routes/password-resets.ts'
import { requireRecentWriter } from './routes/recent-login.ts'

interface AccountRoutes {
  readonly auth: Auth
  readonly guards: Guards
  /** Before every route of administrators. */
  readonly administrator: Guard<User>
  /** The mails that are kept instead of sent. Default none. */
  readonly mailbox: Mailbox | undefined
}

/**
 * Adds what administrators do with accounts where it is switched on. What users do with their own is among the
 * endpoints of the plugin.
 */
export async function registerAccounts(
  app: FastifyInstance,
  { auth, guards, administrator, mailbox }: AccountRoutes,
): Promise<void> {
  const { users, accounts, factors, apiKeys } = auth
  const { invitations, passwordReset } = accounts
  const prefix = '/admin'
  const recentWriter = requireRecentWriter(auth, guards)
  if (invitations) {
    const options = { prefix, invitations, guards, recentWriter }
    await app.register(guarded(administrator, invitationRoutes), options)
  }
  if (passwordReset) {
    const options = { prefix, passwordReset, users, recentWriter }
    await app.register(guarded(administrator, passwordResetRoutes), options)
  }
  if (factors) {
    const { userFactorRoutes } = await import('./routes/user-factors.ts')
    await app.register(guarded(administrator, userFactorRoutes), { prefix, users, factors, guards })
  }
  if (apiKeys) {
    const { userKeyRoutes } = await import('./routes/user-keys.ts')
    await app.register(guarded(administrator, userKeyRoutes), { prefix, users, apiKeys, guards })
  }
  if (mailbox) {
    const { devMailRoutes } = await import('./routes/dev-mail.ts')
    await app.register(devMailRoutes, { mailbox, issuer: auth.issuer })
  }
}
