import type { Clock } from '../clock.ts'
import type { AuthEvents } from '../events/events.ts'
import { type Mail, type Mailer, MailRefusedError, type Sender } from './mailer.ts'
import type { MailOutcome, MailRecord, OutboxStore } from './outbox-store.ts'
import type { MailSealing, OpenedMail } from './sealed-mail.ts'
import type { Claimed } from './sending.ts'
import { oneLine } from './templates/layout.ts'
import type { MailText, ResolvedMail } from './templates/mail-data.ts'

/** What turns a stored mail into one that is sent. */
export interface DeliveryOptions {
  readonly store: OutboxStore
  readonly sealing: MailSealing
  readonly events: AuthEvents
  readonly clock: Clock
  readonly mailer: Mailer
  readonly from: Sender
  /** The right side of a `Message-ID`. */
  readonly host: string
  /** To whom a mail goes and what it says; null if it is not to be sent to anybody. */
  readonly resolve: (mail: OpenedMail) => Promise<ResolvedMail | null>
  readonly render: (mail: ResolvedMail) => MailText
  /** Seconds that the mailer gets for a mail. */
  readonly deadline: number
}

/** Why a mail was not sent this time. The cause may name the address: it is neither told nor stored. */
export class MailNotSentError extends Error {
  override readonly name = 'MailNotSentError'
}

/** Seconds before the next try, by how many there were. The last holds for all further ones. */
const retryAfter = [10, 60, 5 * 60, 30 * 60] as const

/**
 * Returns what sends a claimed mail and stores what became of it. An error that it answers with was only
 * met on the way: the mail waits for its next try, or has failed. It rejects when the store cannot answer.
 */
export function createDelivery(
  options: DeliveryOptions,
): (claimed: Claimed<MailRecord>, stop: AbortSignal) => Promise<MailNotSentError | null> {
  const { store, sealing, events, clock, resolve, render, deadline } = options

  /** Sends a mail, unless there is nothing to send or no time. */
  async function send(opened: OpenedMail, leaseEndsAt: number, stop: AbortSignal): Promise<Sent> {
    const resolved = await resolve(opened)
    if (resolved === null) return {}
    const mail = mailOf(opened.id, resolved, render(resolved), options)
    const { userId } = resolved
    // Another process could send it meanwhile.
    if (performance.now() + 1000 * deadline > leaseEndsAt) return { userId, problem: 'too_late' }
    try {
      await withinSeconds(deadline, stop, (signal) => options.mailer.send(mail, signal))
      return { userId }
    } catch (error) {
      if (stop.aborted) return { userId, problem: 'stopped' }
      return { userId, problem: wordFor(error), refused: error instanceof MailRefusedError }
    }
  }

  function outcomeOf(mail: MailRecord, { problem, refused = false }: Sent): MailOutcome {
    if (problem === undefined) return { state: 'sent' }
    const now = clock()
    const index = Math.min(mail.attempts, retryAfter.length) - 1
    const dueAt = now + (problem === 'stopped' ? 0 : (retryAfter[index] ?? 0))
    return refused || dueAt >= mail.expiresAt
      ? { state: 'failed', reason: problem }
      : { state: 'waiting', reason: problem, dueAt }
  }

  return async ({ item: mail, leaseEndsAt }, stop) => {
    const { id, kind, attempts } = mail
    const opened = sealing.open(mail)
    const sent: Sent =
      opened === null
        ? { problem: 'secret_unknown', refused: true }
        : await send(opened, leaseEndsAt, stop).catch((error) => ({ problem: wordFor(error) }))
    const outcome = outcomeOf(mail, sent)
    const isOurs = await store.settle(id, attempts, outcome)
    if (outcome.state === 'sent') return null
    if (isOurs && outcome.state === 'failed') {
      const { userId } = sent
      await events.record({
        ...{ type: 'mail_failed', userId, reason: outcome.reason },
        details: { kind },
      })
    }
    const next = outcome.state === 'failed' ? 'is given up' : 'will be tried again'
    return new MailNotSentError(`A mail (${kind}) was not sent and ${next}: ${outcome.reason}.`)
  }
}

/** What became of a try: without a problem the mail is done with. */
interface Sent {
  readonly userId?: string | undefined
  readonly problem?: string
  readonly refused?: boolean
}

function mailOf(
  id: string,
  { kind, to }: ResolvedMail,
  { subject, text, html }: MailText,
  { from, host }: DeliveryOptions,
): Mail {
  return {
    ...{ id, kind, from, to, text, html },
    // A line break would begin a header.
    subject: oneLine(subject),
    headers: { 'Message-ID': `<${id}@${host}>`, 'Auto-Submitted': 'auto-generated' },
  }
}

/** Rejects at the deadline, or when it is told to stop, also if the work does not heed its signal. */
async function withinSeconds(
  seconds: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(1000 * seconds)])
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    signal.throwIfAborted()
    await Promise.race([work(signal), aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** A word for an error that holds nothing of its text, which may name the address. */
function wordFor(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  const word = [code, name].find((each) => typeof each === 'string' && /^\w{1,40}$/.test(each))
  return typeof word === 'string' ? word : 'error'
}
