// Another process on the same database, which reads sessions without end, and says when each was let in last.

import { setImmediate as turn } from 'node:timers/promises'
import { UnavailableError } from '../../../src/core/errors.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sharedClock } from './shared-clock.ts'

/** What the other side asks for: to read these, to say when it knows them by itself, or to come to an end. */
export type ReadTask =
  | {
      readonly do: 'read'
      readonly sessions: readonly (readonly [user: string, session: string])[]
    }
  | { readonly do: 'finish' }

/** By session: when the last reading began that let it in, by the clock that all processes share. */
export type LetIn = Readonly<Record<string, number>>

const store = postgres(String(process.argv[2]))
let isFinishing = false

async function readOnce(
  [user, session]: readonly [string, string],
  letIn: Record<string, number>,
): Promise<boolean> {
  const began = sharedClock()
  const answer = store.findSubject(user, session)
  const subject = await Promise.resolve(answer).catch((error) => {
    // Nobody is let in.
    if (error instanceof UnavailableError) return null
    throw error
  })
  if (subject?.sessionStamp) letIn[session] = began
  return !(answer instanceof Promise)
}

/** Reads all of them again and again, and once more when it is told to finish. */
async function read({ sessions }: ReadTask & { do: 'read' }): Promise<void> {
  const letIn: Record<string, number> = {}
  let isWarm = false
  for (let isLast = false; ; isLast = isFinishing) {
    let known = 0
    for (const each of sessions) if (await readOnce(each, letIn)) known++
    if (isLast) break
    if (!isWarm && known === sessions.length) {
      isWarm = true
      process.send?.('warm')
    }
    await turn()
  }
  isFinishing = false
  process.send?.(letIn)
}

process.on('message', (task: ReadTask) => {
  if (task.do === 'read') void read(task)
  else isFinishing = true
})
process.on('disconnect', () => void store.close())
process.send?.('ready')
