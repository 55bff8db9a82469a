// What a process that was forked says, and its end.

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** The next message of a process; fails if it ends instead. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  assert.ok(isRunning(child), `a process has ended with ${child.exitCode ?? child.signalCode}`)
  const settled = new AbortController()
  const { signal } = settled
  const end = once(child, 'exit', { signal }).then(([code]) =>
    assert.fail(`a process ended with ${code}`),
  )
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), end])
    return message
  } finally {
    settled.abort()
  }
}

/** Tells a process that nothing more is asked of it, and waits until it has ended. */
export async function letGo(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  // Not 'close', which a parent that disconnects is never told of.
  const ended = once(child, 'exit')
  if (child.connected) child.disconnect()
  await ended
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}
