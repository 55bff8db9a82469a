import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { createLogStream } from '../../../src/server/logging/stream.ts'

/** A reader of the log. It takes one line at a time, when the test says so. */
function createReader() {
  const read: string[] = []
  let waiting: ((error?: Error | null) => void) | undefined
  const output = new Writable({
    decodeStrings: false,
    write(line, _encoding, done) {
      read.push(String(line))
      waiting = done
    },
  })
  const next = async (error?: Error): Promise<boolean> => {
    const done = waiting
    waiting = undefined
    done?.(error)
    await new Promise(setImmediate)
    return done !== undefined
  }
  return { output: output as never, read, next }
}

test('a log that nobody reads keeps a mebibyte, drops the rest, and says so when it is read', async () => {
  const { output, read, next } = createReader()
  const log = createLogStream(output)
  const kibibyte = `${'x'.repeat(1023)}\n`
  for (let line = 0; line < 1025; line++) log.write(kibibyte)
  assert.equal(log.dropped, 0)
  log.write('the first that is dropped\n')
  assert.equal(log.dropped, 1)
  await next()
  log.write('dropped too, since not all was read\n')
  assert.equal(log.dropped, 2)
  while (await next());
  assert.equal(read.length, 1025)
  log.write('kept\n')
  log.write('and this\n')
  while (await next());
  const [gap, ...rest] = read.slice(1025)
  const { level, pid, dropped, msg } = JSON.parse(gap ?? '')
  assert.deepEqual([level, pid, dropped], [40, process.pid, 2])
  assert.match(msg, /lines of the log were dropped/)
  assert.deepEqual(rest, ['kept\n', 'and this\n'])
  assert.equal(log.dropped, 2)
})

test('a line that could not be written is dropped, and ends nothing', async () => {
  const { output, next } = createReader()
  const log = createLogStream(output)
  log.write('a line\n')
  await next(new Error('ENOSPC'))
  assert.equal(log.dropped, 1)
  log.write('another\n')
  await next()
  assert.ok(log.dropped >= 2)
})
