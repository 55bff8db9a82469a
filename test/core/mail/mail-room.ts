// An outbox on a real store, with what it sends kept for the test.

import { createAuthEvents } from '../../../src/core/events/events.ts'
import type { Mail, Mailer } from '../../../src/core/mail/mailer.ts'
import { createOutbox, type Outbox, type OutboxOptions } from '../../../src/core/mail/outbox.ts'
import type { OutboxStore } from '../../../src/core/mail/outbox-store.ts'
import type { OpenedMail } from '../../../src/core/mail/sealed-mail.ts'
import type { ResolvedMail } from '../../../src/core/mail/templates/mail-data.ts'
import { createRender } from '../../../src/core/mail/templates/render.ts'
import type { AuthEvent, Store } from '../../../src/stores/index.ts'
import { createTestClock, type TestClock } from '../../fixtures.ts'

export const secret: Uint8Array = Buffer.from('b7e1f0a2c3d4958677869504a3b2c1d0')
export const address = 'ann@example.com'
export const issuer = 'https://auth.example.com'

export interface MailRoom {
  readonly outbox: Outbox
  readonly store: OutboxStore
  readonly clock: TestClock
  /** What the mailer took, in this order. */
  readonly sent: readonly Mail[]
  readonly events: readonly AuthEvent[]
}

/** The outbox of a store. */
function outboxOf(store: Store): OutboxStore {
  if (store.outbox === undefined) throw new Error('the store has no outbox')
  return store.outbox
}

/** A reset of Ann's password, whatever the mail: with the link that is made of it. */
export async function resolveReset(mail: OpenedMail): Promise<ResolvedMail> {
  const link = `${issuer}/reset#token=${mail.tokenOf('password_reset')}`
  const { to, expiresAt } = mail
  const data = { link, expiresAt, username: 'ann' }
  return { kind: 'password_reset', to: to ?? address, locale: 'en', data, userId: 'user-1' }
}

/** Of a store that is open. */
export function createMailRoom(
  opened: Store,
  { mailer, ...options }: Partial<OutboxOptions> & { readonly clock?: TestClock } = {},
): MailRoom {
  const clock = options.clock ?? createTestClock()
  const store = outboxOf(opened)
  const authEvents = createAuthEvents(opened.events, clock, 90 * 86_400)
  const sent: Mail[] = []
  const events: AuthEvent[] = []
  authEvents.subscribe((event) => events.push(event))
  const keeping: Mailer = {
    open: () => mailer?.open?.(),
    async send(mail, signal) {
      await mailer?.send(mail, signal)
      sent.push(mail)
    },
  }
  const outbox = createOutbox({
    ...{ secret, issuer, resolve: resolveReset },
    render: createRender({ name: 'Example', url: issuer }),
    from: { name: 'Example', address: 'no-reply@example.com' },
    ...options,
    ...{ store, clock, events: authEvents, mailer: keeping },
  })
  return { outbox, store, clock, sent, events }
}
