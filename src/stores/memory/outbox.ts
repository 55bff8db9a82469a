import type { MailRecord, NewMail, OutboxStore } from '../../core/mail/outbox-store.ts'
import type { AddEvent } from './events.ts'

export interface MemoryOutbox extends OutboxStore {
  /** Stores a mail that tells of a change. */
  put(mail: NewMail, coalescesSince: number): boolean
  /** Forgets what waits. */
  forgetWaiting(): void
}

/** Mails in memory. */
export function createMemoryOutbox(addEvent: AddEvent): MemoryOutbox {
  const byId = new Map<string, MailRecord>()

  const waiting = (): MailRecord[] =>
    [...byId.values()]
      .filter(({ state }) => state === 'waiting')
      .sort((one, other) => one.dueAt - other.dueAt)

  const isFree = ({ claimedUntil }: MailRecord, now: number): boolean =>
    claimedUntil === null || claimedUntil <= now

  function change(mail: MailRecord, changes: Partial<MailRecord>): MailRecord {
    const changed = Object.freeze({ ...mail, ...changes })
    byId.set(mail.id, changed)
    return changed
  }

  /** False, and nothing stored, if another mail makes it superfluous. */
  function put(mail: NewMail, coalescesSince: number): boolean {
    const { coalesceKey: key } = mail
    for (const other of byId.values()) {
      if (key !== null && other.coalesceKey === key && other.createdAt >= coalescesSince)
        return false
    }
    change({ ...mail, state: 'waiting', attempts: 0, claimedUntil: null, reason: null }, {})
    return true
  }

  return {
    put,
    forgetWaiting() {
      for (const { id } of waiting()) byId.delete(id)
    },
    add: async (mail, coalescesSince = Infinity) => put(mail, coalescesSince),
    async claim(now, until, limit) {
      return waiting()
        .filter((mail) => mail.dueAt <= now && mail.expiresAt > now && isFree(mail, now))
        .slice(0, limit)
        .map((mail) => change(mail, { attempts: mail.attempts + 1, claimedUntil: until }))
    },
    async settle(id, attempts, outcome, event) {
      const mail = byId.get(id)
      if (mail?.state !== 'waiting' || mail.attempts !== attempts) return false
      change(mail, {
        state: outcome.state,
        claimedUntil: null,
        reason: 'reason' in outcome ? outcome.reason : null,
        ...(outcome.state === 'waiting'
          ? { dueAt: outcome.dueAt }
          : { recipient: '', payload: '' }),
      })
      addEvent(event)
      return true
    },
    async expire(now, limit) {
      return waiting()
        .filter((mail) => mail.expiresAt <= now && isFree(mail, now))
        .slice(0, limit)
        .map((mail) =>
          change(mail, {
            state: 'failed',
            claimedUntil: null,
            reason: 'expired',
            recipient: '',
            payload: '',
          }),
        )
    },
    async counts() {
      const [oldest] = waiting()
      return {
        waiting: waiting().length,
        failed: [...byId.values()].filter(({ state }) => state === 'failed').length,
        oldestDueAt: oldest?.dueAt ?? null,
      }
    },
    async prune(before, limit) {
      const old = [...byId.values()]
        .filter(({ state, createdAt }) => state !== 'waiting' && createdAt < before)
        .slice(0, limit)
      for (const { id } of old) byId.delete(id)
      return old.length
    },
  }
}
