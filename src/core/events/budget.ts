import type { Clock } from '../clock.ts'
import type { AuthEventType } from './vocabulary.ts'

/** How many events of a kind are stored at once, and one more in so many seconds after that. */
const burst = 1000
const refillSeconds = 6

/**
 * Bounds the events that strangers can cause, so that they cannot fill the disk: of each kind a process
 * stores a thousand at once, and then ten a minute.
 */
export interface EventBudget {
  /** Null if there is no room; else how many had none since the last that had. */
  take(type: AuthEventType): number | null
}

export function createEventBudget(clock: Clock): EventBudget {
  const budgets = new Map<AuthEventType, { room: number; at: number; missed: number }>()
  return {
    take(type) {
      const now = clock()
      const { room, at, missed } = budgets.get(type) ?? { room: burst, at: now, missed: 0 }
      // A clock that was set back refills nothing.
      const grown = Math.min(burst, room + Math.max(0, now - at) / refillSeconds)
      const fits = grown >= 1
      budgets.set(type, { room: fits ? grown - 1 : grown, at: now, missed: fits ? 0 : missed + 1 })
      return fits ? missed : null
    },
  }
}
