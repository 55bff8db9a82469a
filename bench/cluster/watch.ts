// What clients saw: answers by kind, the slowest, and for how long a process had no good one.

import type { Answer } from './lane.ts'

export type Kind = 'guarded read' | 'login' | 'refresh' | 'log-out' | 'role'

export interface Watch {
  note(kind: Kind, process: number, answer: Answer): void
  /** Forgets what was before, when a fault begins. */
  restart(): void
  /** Whether each process has answered a read and a write well since an instant. */
  isWell(processes: readonly number[], since: number): boolean
  /** Lines of a table. */
  rows(): readonly (readonly [string, string])[]
}

/** What is waited for apart: a read goes on where writes hang. */
const sides = ['guarded reads', 'writes'] as const

export function createWatch(): Watch {
  const statuses = new Map<Kind, Map<number, number>>()
  const slowest = new Map<Kind, number>()
  const lastGood = new Map<string, number>()
  const longest = new Map<string, number>()

  function close(key: string, at: number): void {
    const gap = at - (lastGood.get(key) ?? at)
    const side = key.replace(/ at .*/, '')
    longest.set(side, Math.max(longest.get(side) ?? 0, gap))
  }

  return {
    note(kind, process, { status, askedAt, answeredAt }) {
      const counts = statuses.get(kind) ?? new Map<number, number>()
      counts.set(status, (counts.get(status) ?? 0) + 1)
      statuses.set(kind, counts)
      slowest.set(kind, Math.max(slowest.get(kind) ?? 0, answeredAt - askedAt))
      if (status < 200 || status > 299) return
      const key = `${kind === 'guarded read' ? sides[0] : sides[1]} at ${process}`
      close(key, answeredAt)
      lastGood.set(key, answeredAt)
    },
    restart() {
      statuses.clear()
      slowest.clear()
      longest.clear()
      const now = performance.now()
      for (const key of lastGood.keys()) lastGood.set(key, now)
    },
    isWell: (processes, since) =>
      processes.every((process) =>
        sides.every((side) => (lastGood.get(`${side} at ${process}`) ?? 0) > since),
      ),
    rows() {
      for (const key of lastGood.keys()) close(key, performance.now())
      return [
        ...[...statuses].map(([kind, counts]) => {
          const each = [...counts]
            .sort(([one], [other]) => one - other)
            .map(([status, times]) => `${status === 0 ? 'no answer' : status} × ${times}`)
          const seconds = ((slowest.get(kind) ?? 0) / 1000).toFixed(1)
          return [kind, `${each.join(', ')}; slowest ${seconds} s`] as const
        }),
        ...sides.map(
          (side) =>
            [
              `longest time without good ${side} at a process`,
              `${((longest.get(side) ?? 0) / 1000).toFixed(1)} s`,
            ] as const,
        ),
      ]
    },
  }
}
