import type { Clock } from '../clock.ts'
import { createKeyedDigest } from '../keys/keyed-digest.ts'
import { sourceOf } from '../throttle/source.ts'
import type { ThrottleStore } from '../throttle/throttle-store.ts'
import type { NoticeKind } from './kinds.ts'
import type { Outbox } from './outbox.ts'
import type { NewMail } from './outbox-store.ts'
import { programOf } from './program.ts'

/** From where something was done, as far as it is known. */
export interface NoticeOrigin {
  readonly address?: string | undefined
  readonly userAgent?: string | undefined
}

/** Of a user's record: whom a notice is for. */
interface Owner {
  readonly id: string
  readonly email: string | null
  readonly emailVerifiedAt: number | null
}

/** Tells users by mail what happens to their accounts. */
export interface Notices {
  /**
   * Mails to be stored with a change. None if notices are off, or the user has no verified address. One of
   * a kind in 10 minutes is sent, or of a kind and a `keyId` if there is one.
   */
  of(
    kind: NoticeKind,
    user: Owner,
    origin?: NoticeOrigin,
    more?: Readonly<Record<string, string | number>>,
  ): readonly NewMail[]
  /** A mail to be stored with the change that makes an address the verified one of a user. None if notices are off. */
  confirmed(userId: string, email: string): readonly NewMail[]
  /** To be called when the change with its mails is stored. */
  wake(): void
  /** Tells of what changed nothing, such as a lock. */
  tell(kind: NoticeKind, user: Owner, origin?: NoticeOrigin): Promise<void>
  /** Tells of a login from a source or a program that was not seen for 90 days. */
  loggedIn(user: Owner, origin: NoticeOrigin): Promise<void>
}

/** Nobody is told anything. */
export const noNotices: Notices = {
  of: () => [],
  confirmed: () => [],
  wake() {},
  async tell() {},
  async loggedIn() {},
}

/** Seconds in which it is noted once that a user logs in at all: a third of what is known of a login. */
const periodLength = 30 * 24 * 60 * 60
/** How many periods ago a login is still known, beginning with the present one. */
const periodsAgo = [0, 1, 2, 3]

export interface NoticesOptions {
  readonly outbox: Outbox
  readonly throttle: ThrottleStore
  readonly secret: Uint8Array
  readonly clock: Clock
}

export function createNotices({ outbox, throttle, secret, clock }: NoticesOptions): Notices {
  const digest = createKeyedDigest(secret, 'portcullis known logins')

  function of(
    kind: NoticeKind,
    { id, email, emailVerifiedAt }: Owner,
    { address, userAgent }: NoticeOrigin = {},
    more: Readonly<Record<string, string | number>> = {},
  ): readonly NewMail[] {
    if (email === null || emailVerifiedAt === null) return []
    const payload = {
      ...{ ...more, userId: id, at: clock(), source: address ?? null },
      program: programOf(userAgent),
    }
    const { keyId } = more
    // Another address is told, too.
    const coalesce = keyId === undefined ? `${id} ${email}` : `${id} ${email} ${keyId}`
    return [outbox.prepare(kind, { to: email, payload, coalesce })]
  }

  async function tell(kind: NoticeKind, user: Owner, origin?: NoticeOrigin): Promise<void> {
    for (const mail of of(kind, user, origin)) await outbox.enqueue(mail)
  }

  return {
    of,
    confirmed: (userId, email) => [
      outbox.prepare('email_confirmed', {
        ...{ to: email, payload: { userId }, coalesce: `${userId} ${email}` },
      }),
    ],
    tell,
    wake: () => outbox.wake(),
    async loggedIn(user, { address, userAgent }) {
      if (user.emailVerifiedAt === null) return
      const program = programOf(userAgent)
      const keys = [
        digest('source', user.id, sourceOf(address)),
        digest('program', user.id, `${program?.name} ${program?.system}`),
      ]
      const now = clock()
      const period = Math.floor(now / periodLength)
      const periodKeys = periodsAgo.map((ago) => digest('period', user.id, String(period - ago)))
      const states = await throttle.find([...keys, ...periodKeys])
      const known = new Set(states.map(({ key }) => key))
      const isNew = keys.some((key) => !known.has(key))
      // The first login that is seen at all follows the first password.
      if (isNew && periodKeys.some((key) => known.has(key))) {
        await tell('new_login', user, { address, userAgent })
      }
      for (const knownKey of keys) {
        await throttle.succeed({ account: knownKey, knownKey, now, ends: [] })
      }
      const [knownKey = ''] = periodKeys
      if (known.has(knownKey)) return
      // As of the end of the period: every login in it stays known for as long as this says.
      const end = (period + 1) * periodLength
      await throttle.succeed({ account: knownKey, knownKey, now: end, ends: [] })
    },
  }
}
