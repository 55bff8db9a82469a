import type { Row } from '../hold.ts'
import type { Ledger, Wrong } from '../ledger.ts'

const wrongs: readonly Wrong[] = ['ended token', 'refresh token of an ended session', 'old role']

/** How many of each were accepted in each second since an instant. */
export function tellWhen({ accepted }: Ledger, what: string, since: number): readonly Row[] {
  return wrongs.map((wrong) => {
    const bySecond = new Map<number, number>()
    for (const each of accepted) {
      if (each.what !== wrong) continue
      const second = Math.floor((each.at - since) / 1000)
      bySecond.set(second, (bySecond.get(second) ?? 0) + 1)
    }
    const told = [...bySecond].sort(([one], [other]) => one - other)
    const value = told.map(([second, times]) => `${second} s: ${times}`).join(', ')
    return [`${wrong} accepted, by seconds after ${what}`, value || 'never']
  })
}
