// One of the processes of log-outs.ts: a store of the tree that it is told.

import { resolve } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

export type Task =
  | { what: 'log out'; first: number; step: number; atOnce: number; seconds: number }
  | { what: 'read' | 'read now and then'; seconds: number }

export interface Done {
  /** How many sessions it has taken up, and how many were done. */
  readonly begun: number
  readonly count: number
  /** How many answers came from the cache. */
  readonly hits: number
  /** Seconds of CPU. */
  readonly cpu: number
}

const [tree = '', url = '', connections = ''] = process.argv.slice(2)
const file = pathToFileURL(resolve(tree, 'src/stores/postgres/postgres.ts'))
const { postgres }: typeof import('../src/stores/postgres/postgres.ts') = await import(file.href)
const store = postgres(url, { maxConnections: Number(connections) })
await store.open()

/** Users that are read, who are never logged out in the meantime. */
const readers = 500
const lastUser = 200_000

async function logOut({
  first,
  step,
  atOnce,
  seconds,
}: Task & { what: 'log out' }): Promise<Pick<Done, 'begun' | 'count'>> {
  const end = performance.now() + 1000 * seconds
  let [begun, count] = [0, 0]
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      const ended = await store.sessions
        .revoke(`session${first + step * begun++}`, 2)
        .catch((error) => {
          // What waits for its turn longer than a request may is no log-out.
          if (Object(error).code === 'unavailable') return null
          throw error
        })
      if (ended === false) throw new Error('not ended')
      if (ended) count++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
  return { begun, count }
}

async function read(
  seconds: number,
  pause: () => Promise<unknown>,
  atOnce: number,
): Promise<Omit<Done, 'cpu'>> {
  const end = performance.now() + 1000 * seconds
  let [count, hits] = [0, 0]
  while (performance.now() < end) {
    for (let each = 0; each < atOnce; each++) {
      const number = lastUser - (count++ % readers)
      const answer = store.findSubject(`user${number}`, `session${number}`)
      if (answer instanceof Promise) await answer
      else hits++
    }
    await pause()
  }
  return { begun: count, count, hits }
}

process.on('message', async (task: Task) => {
  const before = process.cpuUsage()
  const done =
    task.what === 'log out'
      ? { ...(await logOut(task)), hits: 0 }
      : task.what === 'read'
        ? await read(task.seconds, () => setImmediate(), 10)
        : await read(task.seconds, () => setTimeout(10), 1)
  const { user, system } = process.cpuUsage(before)
  process.send?.({ ...done, cpu: (user + system) / 1e6 })
})
process.on('disconnect', () => void store.close())
process.send?.('ready')
