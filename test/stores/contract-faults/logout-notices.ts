import type { LogoutNoticeRecord } from '../../../src/core/authorization/logout-notice-store.ts'
import type { Store } from '../../../src/core/store.ts'
import { type Fault, on } from './fault.ts'

type LogoutNotices = NonNullable<Store['logoutNotices']>
type Claim = Parameters<LogoutNotices['claim']>[0]

const damage = (change: (port: LogoutNotices) => Partial<LogoutNotices>): Fault =>
  on('logoutNotices', change)

/** A claim of something else. */
const claimBy = (change: (claim: Claim) => Partial<Claim>): Fault =>
  damage(({ claim }) => ({ claim: (asked) => claim({ ...asked, ...change(asked) }) }))

/** Faults of log-outs that clients are to be told of. */
export const logoutNotices: Readonly<Record<string, Fault>> = {
  'logoutNotices.claim gives one more than its limit': claimBy(({ limit }) => ({
    limit: limit + 1,
  })),
  'logoutNotices.claim claims what is not due': claimBy(({ now }) => ({ now: now + 1 })),
  'logoutNotices.claim leaves out no client': claimBy(() => ({ without: [] })),
  'logoutNotices.claim leaves out one client alone': claimBy(({ without = [] }) => ({
    without: without.slice(0, 1),
  })),
  'logoutNotices.claim holds nothing': damage(({ claim }) => ({
    claim: async (asked) =>
      (await claim({ ...asked, until: asked.now })).map((notice) => ({
        ...notice,
        claimedUntil: asked.until,
      })),
  })),
  'logoutNotices.claim holds for ever': claimBy(() => ({ until: 1e12 })),
  'logoutNotices.claim begins with the newest': damage(({ claim }) => ({
    claim: async (asked) => (await claim(asked)).toReversed(),
  })),
  'logoutNotices.claim counts no attempt': damage(({ claim }) => ({
    claim: async (asked) => (await claim(asked)).map((notice) => ({ ...notice, attempts: 1 })),
  })),
  'logoutNotices.claim gives a notice to all who ask at once': damage(({ claim }) => {
    let asked: Promise<readonly LogoutNoticeRecord[]> | undefined
    return {
      async claim(wanted) {
        asked ??= claim(wanted)
        const notices = await asked
        asked = undefined
        return notices
      },
    }
  }),
  'logoutNotices.settle heeds no claim': damage(({ settle }) => ({
    settle: async (id, attempts, dueAt) =>
      (await settle(id, attempts, dueAt)) ||
      (await settle(id, attempts + 1, dueAt)) ||
      (await settle(id, attempts - 1, dueAt)),
  })),
  'logoutNotices.settle says yes to all': damage(({ settle }) => ({
    settle: async (...args) => {
      await settle(...args)
      return true
    },
  })),
  'logoutNotices.settle forgets what is to be tried again': damage(({ settle }) => ({
    settle: (id, attempts) => settle(id, attempts, null),
  })),
  'logoutNotices.settle keeps what was told': damage(({ settle }) => ({
    settle: (id, attempts, dueAt) => settle(id, attempts, dueAt ?? 0),
  })),
  'sessions.revoke notifies nobody': on('sessions', ({ revoke }) => ({
    revoke: (id, now, options) => revoke(id, now, { ...options, notifies: [] }),
  })),
  'sessions.revoke notifies the first client alone': on('sessions', ({ revoke }) => ({
    revoke: (id, now, options) =>
      revoke(id, now, { ...options, notifies: options?.notifies?.slice(0, 1) }),
  })),
  'users.update notifies nobody': on('users', ({ update }) => ({
    update: (id, changes, options) => update(id, changes, { ...options, notifies: undefined }),
  })),
  'users.replacePasswordHash notifies nobody': on('users', ({ replacePasswordHash }) => ({
    replacePasswordHash: (id, from, to, options) =>
      replacePasswordHash(id, from, to, { ...options, notifies: undefined }),
  })),
  'users.replacePasswordHash tells of the session that goes on': on(
    'users',
    ({ replacePasswordHash }, { sessions }) => ({
      async replacePasswordHash(id, from, to, options) {
        const notifies = options?.notifies?.clientIds
        const kept = options?.renewal?.keepSession?.id
        if (kept && notifies) await sessions.revoke(kept, options.notifies?.now ?? 0, { notifies })
        return await replacePasswordHash(id, from, to, options)
      },
    }),
  ),
  'users.remove notifies nobody': on('users', ({ remove }) => ({
    remove: (id, options) => remove(id, { ...options, notifies: undefined }),
  })),
  'consents.withdraw notifies nobody': on('consents', ({ withdraw }) => ({
    withdraw: (userId, clientId, now, event) => withdraw(userId, clientId, now, event),
  })),
}
