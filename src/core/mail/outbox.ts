import { v7 as uuidv7 } from 'uuid'
import { createKeyedDigest } from '../keys/keyed-digest.ts'
import { pruneInBatches } from '../prune-batches.ts'
import { createBell } from './bell.ts'
import { createDelivery, type DeliveryOptions, MailNotSentError } from './delivery.ts'
import { type MailKind, mailLifetime } from './kinds.ts'
import { preferredLocale } from './locale.ts'
import { createOneTimeSecrets, type OneTimeSecrets } from './one-time-secret.ts'
import { runOutbox } from './outbox-loop.ts'
import { coalescesFor, type NewMail, type OutboxCounts, type OutboxStore } from './outbox-store.ts'
import { createMailSealing, type JsonObject } from './sealed-mail.ts'
import { createSending, type Sending, sendAllDue } from './sending.ts'
import { mailLocales } from './templates/render.ts'

/** What a new mail is about. */
export interface MailSubject {
  /** The address; absent if only the text that was typed is known. */
  readonly to?: string | undefined
  /** What the text is made of when it is sent. Sealed at rest. */
  readonly payload: JsonObject
  /** The languages of the reader (`Accept-Language`), of which one that there are texts in is kept. */
  readonly locale?: string | null | undefined
  /**
   * One mail of the kind for this text in 10 minutes is enough, such as one for the id of a user.
   * Absent: every mail counts.
   */
  readonly coalesce?: string | undefined
}

/** Mails, from the request that causes one to the relay that takes it. */
export interface Outbox extends OneTimeSecrets {
  /** Makes a mail that is ready to be stored, with the change that it tells of or by `enqueue`. */
  prepare(kind: MailKind, about: MailSubject): NewMail
  /** Stores a mail and wakes the sender. False if another one makes it superfluous. */
  enqueue(mail: NewMail): Promise<boolean>
  /**
   * Stores a mail that a stranger asked for, and sends it after a random delay. What it costs to send depends on
   * whose address it is: begun at once, it could be seen in how fast the server answers after the request.
   */
  enqueueLater(kind: MailKind, about: MailSubject): Promise<void>
  /** Sends soon what was stored with a change. */
  wake(): void
  /** The instant from which on an earlier mail with the same `coalesceKey` makes a new one superfluous. */
  coalescesSince(): number
  /**
   * Sends all that is due now; resolves when none is under way.
   *
   * @throws what the store throws, when it cannot answer. That a mail was not sent is no error here.
   */
  sendDue(signal?: AbortSignal): Promise<void>
  /**
   * Sends what is due, until the signal aborts. Resolves when no mail is under way. Of mails that were not
   * sent it tells one a minute.
   *
   * @param onError Must not throw.
   */
  run(signal: AbortSignal, onError: (error: unknown) => void): Promise<void>
  /** Gives up what has expired before it could be sent; returns how many. */
  expire(signal?: AbortSignal): Promise<number>
  /** Deletes mails of 7 days before that wait no more; returns how many. */
  prune(signal?: AbortSignal): Promise<number>
  counts(): Promise<OutboxCounts>
}

export interface OutboxOptions extends Omit<DeliveryOptions, 'sealing' | 'deadline' | 'host'> {
  /** At least 32 bytes. */
  readonly secret: Uint8Array
  /** Those of before, which open what they sealed. */
  readonly previousSecrets?: readonly Uint8Array[]
  /** The address of the site. */
  readonly issuer: string
  /** Returns the milliseconds that a mail waits which a stranger asked for. Default: none. */
  readonly delayOf?: () => number
  /** How many mails are sent at once. Default 5. */
  readonly concurrency?: number
  /** Seconds that the mailer gets for a mail. Default 30. */
  readonly deadline?: number
  /** Seconds for which a claimed mail is claimed by nobody else. Default 60. */
  readonly lease?: number
  /** Seconds after which `run` looks for mails that nobody woke it for. Default 5. */
  readonly interval?: number
  /** Seconds that mails under way get when `run` is told to end. Default 5. */
  readonly grace?: number
}

/** Of mails that were not sent one is told of now and then. */
const isMinor = (error: unknown): boolean => error instanceof MailNotSentError

/**
 * Milliseconds from the beginning of one mail to that of the next, however many wait: a process sends 20 a second
 * at most. Begun at once, they would keep the thread from requests for as long as all of them take.
 */
const breath = 50

/** Seconds that a mail is kept after it was made: 7 days, unless it waits. */
const retention = 7 * 24 * 60 * 60

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, secret, previousSecrets, issuer, events, clock } = options
  const {
    delayOf = () => 0,
    concurrency = 5,
    deadline = 30,
    lease = 60,
    interval = 5,
    grace = 5,
  } = options
  const sealing = createMailSealing(secret, previousSecrets)
  const digest = createKeyedDigest(secret, 'portcullis mails of a kind')
  const host = URL.parse(issuer)?.hostname || 'localhost'
  const deliver = createDelivery({ ...options, sealing, deadline, host })
  const claim: OutboxStore['claim'] = (now, until, limit) => store.claim(now, until, limit)
  const sending = { claim, clock, deliver, concurrency, lease }
  const bell = createBell()
  let running: Sending | undefined
  const coalescesSince = (): number => clock() - coalescesFor

  function prepare(kind: MailKind, { to, payload, locale, coalesce }: MailSubject): NewMail {
    const id = uuidv7()
    const now = clock()
    return {
      ...{ id, kind, createdAt: now, dueAt: now, expiresAt: now + mailLifetime[kind] },
      ...sealing.seal(id, {
        to: to ?? null,
        payload:
          locale === undefined
            ? payload
            : { ...payload, locale: preferredLocale(locale, mailLocales) },
      }),
      coalesceKey: coalesce === undefined ? null : digest(kind, coalesce),
    }
  }

  return {
    ...createOneTimeSecrets(secret),
    prepare,
    async enqueue(mail) {
      const since = mail.coalesceKey === null ? undefined : coalescesSince()
      const added = await store.add(mail, since)
      if (added) bell.ring()
      return added
    },
    async enqueueLater(kind, about) {
      const mail = prepare(kind, about)
      const delay = delayOf()
      // Instants are whole seconds. This process begins at the very millisecond, another one at most a
      // second earlier.
      await store.add({ ...mail, dueAt: mail.dueAt + Math.floor(delay / 1000) })
      bell.ringLater(delay)
    },
    wake: () => bell.ring(),
    coalescesSince,
    async sendDue(signal) {
      await sendAllDue(sending, isMinor, signal)
      // What `run` has claimed already.
      await running?.allEnded()
    },
    run: (signal, onError) =>
      runOutbox(
        {
          sending: (tell) => {
            running = createSending({ ...sending, breath }, tell)
            return running
          },
          open: async () => await options.mailer.open?.(),
          ...{ bell, interval, grace, isMinor },
        },
        signal,
        onError,
      ),
    async expire(signal) {
      return await pruneInBatches(async (limit) => {
        const expired = await store.expire(clock(), limit)
        for (const { kind } of expired) {
          await events.record({ type: 'mail_failed', reason: 'expired', details: { kind } })
        }
        return expired.length
      }, signal)
    },
    prune: (signal) => pruneInBatches((limit) => store.prune(clock() - retention, limit), signal),
    counts: () => store.counts(),
  }
}
