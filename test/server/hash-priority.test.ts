import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { lowerHashPriority } from '../../src/server/hash-priority.ts'

test('threads that hash stand back for the one that answers requests', {
  skip: process.platform !== 'linux' && 'threads have priorities of their own on Linux alone',
}, async () => {
  const before = getPriority(process.pid)
  await lowerHashPriority()
  const threads = readdirSync('/proc/self/task').map((thread) => ({
    name: readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim(),
    priority: getPriority(Number(thread)),
  }))
  const hashing = threads.filter(({ name }) => name === 'libuv-worker')
  assert.ok(hashing.length > 0, 'no thread has the name that is looked for')
  for (const { priority } of hashing) assert.equal(priority, 5)
  for (const thread of threads) {
    if (!hashing.includes(thread)) assert.equal(thread.priority, before, thread.name)
  }
})
