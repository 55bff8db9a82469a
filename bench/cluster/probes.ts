// Shows every process, all the time, what it has to refuse.

import { setTimeout } from 'node:timers/promises'
import { anyOf, type Crowd } from './clients.ts'
import type { Lane } from './lane.ts'
import type { Ended, Wrong } from './ledger.ts'

/** Sessions that ended last, which are shown again and again. */
const recent = 40
/** Milliseconds between two looks at a process. */
const pause = 50

/** Looks at one process until the drill is over. */
export async function probe(crowd: Crowd, lane: Lane): Promise<void> {
  const { ledger, isOver } = crowd
  const note = (what: Wrong, at: number): void => void ledger.accepted.push({ what, at })
  for (let look = 0; !isOver(); look++) {
    await setTimeout(pause)
    const ended = ledger.ended.slice(-recent)
    if (ended.length === 0) continue
    const { accessToken, refreshToken } = anyOf(ended)
    if (look % 10 === 0) {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
      const { status, askedAt } = await lane.ask('/auth/token', { form })
      if (status === 200) note('refresh token of an ended session', askedAt)
    } else if (look % 3 === 0) {
      await probeRole(crowd, lane, (at) => note('old role', at))
    } else {
      const { status, askedAt } = await lane.ask('/me', { token: accessToken })
      if (status === 200) note('ended token', askedAt)
    }
  }
}

async function probeRole({ ledger }: Crowd, lane: Lane, note: (at: number) => void): Promise<void> {
  const user = anyOf(ledger.changing)
  const { changes } = user
  const { status, body, askedAt } = await lane.ask('/me', { token: user.accessToken })
  if (user.changes !== changes) return
  if (status === 200 && !user.possible.includes(String(body.role))) note(askedAt)
}

/** What of all that was acknowledged does not hold at some process. */
export interface Lost {
  readonly logouts: number
  readonly roles: number
}

/** Shows every process all that was acknowledged, when the fault is over. */
export async function checkAll({ lanes, ledger }: Crowd): Promise<Lost> {
  const isAccepted = async ({ accessToken }: Ended): Promise<boolean> => {
    const answers = await Promise.all(lanes.map((lane) => lane.ask('/me', { token: accessToken })))
    return answers.some(({ status }) => status !== 401)
  }
  let [logouts, roles] = [0, 0]
  for (const ended of ledger.ended) if (await isAccepted(ended)) logouts++
  for (const { accessToken, possible } of ledger.changing) {
    const answers = await Promise.all(lanes.map((lane) => lane.ask('/me', { token: accessToken })))
    if (answers.some(({ body }) => !possible.includes(String(body.role)))) roles++
  }
  return { logouts, roles }
}
