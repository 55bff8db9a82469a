import { noEnd, type ThrottleStore } from '../../../src/core/throttle/throttle-store.ts'
import { type Fault, on } from './fault.ts'
import { dropEvent } from './writes.ts'

/** A count by another rule. */
const countBy = (change: (...args: Parameters<ThrottleStore['count']>) => object): Fault =>
  on('throttle', ({ count }) => ({ count: (asked) => count({ ...asked, ...change(asked) }) }))

/** Faults of counts of failed attempts. */
export const throttle: Readonly<Record<string, Fault>> = {
  'throttle.count makes what is to be present': countBy(() => ({ ifPresent: false })),
  'throttle.count lets one more go free': countBy(({ rule }) => ({
    rule: { ...rule, free: rule.free + 1 },
  })),
  'throttle.count locks one failure late': countBy(({ rule }) => ({
    rule: { ...rule, lockedFrom: rule.lockedFrom + 1 },
  })),
  'throttle.count doubles for ever': countBy(({ rule }) => ({
    rule: { ...rule, longestWait: 1e6 },
  })),
  'throttle.count forgets nothing': countBy(({ rule }) => ({
    rule: { ...rule, forgottenAfter: 1e12 },
  })),
  'throttle.count forgets the account': countBy(() => ({ account: undefined })),
  'throttle.count says counted of what waits': on('throttle', ({ count }) => ({
    async count(asked) {
      const outcome = await count(asked)
      return outcome.kind === 'wait' ? { kind: 'counted', locks: false } : outcome
    },
  })),
  'throttle.count does not say that it locks': on('throttle', ({ count }) => ({
    async count(asked) {
      const outcome = await count(asked)
      return outcome.kind === 'counted' ? { ...outcome, locks: false } : outcome
    },
  })),
  'throttle.find leaves out the locked': on('throttle', ({ find }) => ({
    find: async (keys) => (await find(keys)).filter(({ blockedUntil }) => blockedUntil < noEnd),
  })),
  'throttle.find finds what is not there': on('throttle', ({ find }) => ({
    async find(keys) {
      const found = new Map((await find(keys)).map((state) => [state.key, state]))
      return keys.map((key) => found.get(key) ?? { key, blockedUntil: 0 })
    },
  })),
  'throttle.takeBack takes nothing back': on('throttle', () => ({ takeBack: async () => {} })),
  'throttle.takeBack takes two back': on('throttle', ({ takeBack }) => ({
    takeBack: async (key) => {
      for (let times = 0; times < 2; times++) await takeBack(key)
    },
  })),
  'throttle.succeed ends nothing': on('throttle', ({ succeed }) => ({
    succeed: (success) => succeed({ ...success, ends: [] }),
  })),
  'throttle.succeed ends the count of the account': on('throttle', ({ succeed }) => ({
    succeed: (success) => succeed({ ...success, ends: [...success.ends, success.account] }),
  })),
  'throttle.unlock ends no wait': on('throttle', (_, { events }) => ({
    unlock: async (_account, event) => event && events.append(event),
  })),
  'throttle.unlock drops its event': dropEvent('throttle.unlock'),
  'throttle.prune has no bound': on('throttle', ({ prune }) => ({
    prune: (counted, succeeded) => prune(counted, succeeded, 1e9),
  })),
  'throttle.prune keeps known sources': on('throttle', ({ prune }) => ({
    prune: (counted, _succeeded, most) => prune(counted, 0, most),
  })),
  'throttle.prune keeps what is old': on('throttle', ({ prune }) => ({
    prune: (_counted, succeeded, most) => prune(0, succeeded, most),
  })),
  'throttle.prune does not say how many': on('throttle', ({ prune }) => ({
    prune: (...args) => prune(...args).then(() => 0),
  })),
}
