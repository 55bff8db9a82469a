import type { MailRecord, NewMail } from '../../../src/core/mail/outbox-store.ts'
import { aMoment, type Fault, type Outbox, on } from './fault.ts'
import { dropEvent, storeEventAnyway } from './writes.ts'

const damage = (change: (port: Outbox) => Partial<Outbox>): Fault => on('outbox', change)

/** A claim with other arguments. */
const claimBy = (change: (...args: Parameters<Outbox['claim']>) => typeof args): Fault =>
  damage(({ claim }) => ({ claim: (...args) => claim(...change(...args)) }))

/** An addition of another mail, or since another time. */
const addBy = (change: (mail: NewMail, since?: number) => Parameters<Outbox['add']>): Fault =>
  damage(({ add }) => ({ add: (...args) => add(...change(...args)) }))

/** Faults of the outbox. */
export const outbox: Readonly<Record<string, Fault>> = {
  'outbox.add stores all with one key': addBy((mail) => [mail]),
  'outbox.add stores one with a key alone': addBy((mail) => [mail, 0]),
  'outbox.add stores a second one a second late': addBy((mail, since) => [
    mail,
    since && since + 1,
  ]),
  'outbox.add takes all without a key for one': addBy(({ coalesceKey, ...mail }, since) => [
    { ...mail, coalesceKey: coalesceKey ?? 'none' },
    since,
  ]),
  'outbox.add looks, and stores a moment later': damage(({ add }) => {
    const kept: NewMail[] = []
    return {
      async add(mail, since = Number.POSITIVE_INFINITY) {
        const isThere = kept.some(
          ({ coalesceKey, createdAt }) =>
            coalesceKey !== null && coalesceKey === mail.coalesceKey && createdAt >= since,
        )
        if (isThere) return false
        await aMoment()
        kept.push(mail)
        return await add(mail)
      },
    }
  }),
  'outbox.claim gives one more than its limit': claimBy((now, until, limit) => [
    ...([now, until, limit + 1] as const),
  ]),
  'outbox.claim claims what is not due': claimBy((now, until, limit) => [now + 1, until, limit]),
  'outbox.claim claims what has expired': claimBy((now, until, limit) => [now - 1, until, limit]),
  'outbox.claim holds nothing': damage(({ claim }) => ({
    claim: async (now, until, limit) =>
      (await claim(now, now, limit)).map((mail) => ({ ...mail, claimedUntil: until })),
  })),
  'outbox.claim holds for ever': claimBy((now, _until, limit) => [now, 1e12, limit]),
  'outbox.claim begins with the newest': damage(({ claim }) => ({
    claim: async (...args) => (await claim(...args)).toReversed(),
  })),
  'outbox.claim gives a mail to all who ask at once': damage(({ claim }) => {
    let asked: Promise<readonly MailRecord[]> | undefined
    return {
      async claim(...args) {
        asked ??= claim(...args)
        const mails = await asked
        await aMoment()
        asked = undefined
        return mails
      },
    }
  }),
  'outbox.claim counts no attempts': damage(({ claim }) => ({
    claim: async (...args) => (await claim(...args)).map((mail) => ({ ...mail, attempts: 1 })),
  })),
  'outbox.settle settles any claim': damage(({ settle }) => ({
    async settle(id, attempts, outcome, event) {
      for (let tried = 0; tried < 9; tried++) {
        if (await settle(id, tried, outcome, event)) return true
      }
      return await settle(id, attempts, outcome, event)
    },
  })),
  'outbox.settle settles nothing': damage(() => ({ settle: async () => true })),
  'outbox.settle forgets why': damage(({ settle }) => ({
    settle: (id, attempts, outcome, event) =>
      settle(id, attempts, { ...outcome, ...('reason' in outcome && { reason: '' }) }, event),
  })),
  'outbox.settle lets nothing wait': damage(({ settle }) => ({
    settle: (id, attempts, outcome, event) =>
      settle(
        ...[id, attempts],
        outcome.state === 'waiting' ? { state: 'failed', reason: outcome.reason } : outcome,
        event,
      ),
  })),
  'outbox.settle drops its event': dropEvent('outbox.settle'),
  'outbox.settle stores its event though nothing changes': storeEventAnyway('outbox.settle'),
  'outbox.expire gives one more than its limit': damage(({ expire }) => ({
    expire: (now, limit) => expire(now, limit + 1),
  })),
  'outbox.expire is a second early': damage(({ expire }) => ({
    expire: (now, limit) => expire(now + 1, limit),
  })),
  'outbox.expire ends nothing': damage(() => ({ expire: async () => [] })),
  'outbox.expire takes what somebody holds': damage(({ claim, expire }) => ({
    claim: async (now, until, limit) =>
      (await claim(now, until, limit)).map((mail) => ({ ...mail, claimedUntil: until })),
    expire: (_now, limit) => expire(1e9, limit),
  })),
  'outbox.expire leaves what is in the mails': damage(({ expire }) => ({
    expire: async (...args) =>
      (await expire(...args)).map((mail) => ({ ...mail, recipient: 'v1.recipient' })),
  })),
  'outbox.counts counts no failures': damage(({ counts }) => ({
    counts: async () => ({ ...(await counts()), failed: 0 }),
  })),
  'outbox.counts does not know since when': damage(({ counts }) => ({
    counts: async () => ({ ...(await counts()), oldestDueAt: null }),
  })),
  'outbox.prune deletes one more than its limit': damage(({ prune }) => ({
    prune: (before, limit) => prune(before, limit + 1),
  })),
  'outbox.prune deletes what is of the instant': damage(({ prune }) => ({
    prune: (before, limit) => prune(before + 1, limit),
  })),
  'outbox.prune says its limit': damage(({ prune }) => ({
    prune: (before, limit) => prune(before, limit).then(() => limit),
  })),
}
