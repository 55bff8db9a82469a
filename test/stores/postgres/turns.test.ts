import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createTurns, type Turns } from '../../../src/stores/postgres/turns.ts'

interface Statement {
  readonly messages: readonly string[]
  readonly answer: () => Promise<void>
  readonly fail: () => Promise<void>
}

/** The statements that were sent, in their order. */
let sent: Statement[]
let turns: Turns
let lost: number

beforeEach(() => {
  sent = []
  lost = 0
  turns = createTurns(
    (messages) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      sent.push({
        messages,
        async answer() {
          resolve()
          await turn()
        },
        async fail() {
          reject(new Error('lost'))
          await turn()
        },
      })
      return promise
    },
    () => void lost++,
  )
})

const said = (): readonly (readonly string[])[] => sent.map(({ messages }) => messages)

test('nothing is said before the start, and all at once then', () => {
  void turns.say('joined')
  turns.read()
  assert.deepEqual(said(), [])
  turns.start()
  assert.deepEqual(said(), [['joined']])
})

test('all who ask while a statement is on its way are served by the next', async () => {
  turns.start()
  turns.read()
  const served: string[] = []
  for (const message of ['one', 'two', 'three']) {
    void turns.say(message).then(() => served.push(message))
  }
  // A statement on its way is enough for who wants news.
  turns.read()
  assert.deepEqual(said(), [[]])
  await sent[0]?.answer()
  assert.deepEqual(said(), [[], ['one', 'two', 'three']])
  assert.deepEqual(served, [])
  await sent[1]?.answer()
  assert.deepEqual(served, ['one', 'two', 'three'])
  assert.equal(sent.length, 2)
})

test('what is to be said after reading is said after a statement that began later', async () => {
  turns.start()
  turns.read()
  turns.sayAfterReading('heard')
  await sent[0]?.answer()
  assert.deepEqual(said(), [[], []], 'the first one had begun before')
  await sent[1]?.answer()
  assert.deepEqual(said(), [[], [], ['heard']])
})

test('what was read before an answer is trusted, if nobody waits for one of ours', async () => {
  turns.start()
  assert.equal(turns.heardUntil, -Infinity)
  const before = performance.now()
  turns.read()
  const after = performance.now()
  await sent[0]?.answer()
  assert.ok(turns.heardUntil >= before && turns.heardUntil <= after)
})

test('nothing is trusted while others wait for an answer, which they may have given up', async () => {
  turns.start()
  turns.read()
  turns.sayAfterReading('heard')
  await sent[0]?.answer()
  await sent[1]?.answer()
  assert.equal(turns.heardUntil, -Infinity)
  const before = performance.now()
  await sent[2]?.answer()
  assert.ok(turns.heardUntil < before, 'the statement that said it')
  assert.ok(turns.heardUntil > 0)
})

test('where somebody asks without end, a statement is trusted after which another one has read', async () => {
  turns.start()
  void turns.say('joined')
  turns.sayAfterReading('heard 1')
  await sent[0]?.answer()
  assert.equal(turns.heardUntil, -Infinity, 'nothing was said before it')
  const trusted: number[] = []
  for (let number = 2; number < 9; number++) {
    turns.sayAfterReading(`heard ${number}`)
    const before = performance.now()
    await sent.at(-1)?.answer()
    assert.ok(turns.heardUntil < before)
    trusted.push(turns.heardUntil)
  }
  // The first two rest on the same one: nothing was said between.
  const [first, ...others] = trusted
  assert.equal(first, others[0])
  assert.equal(new Set(trusted).size, others.length)
  assert.deepEqual(
    trusted,
    trusted.toSorted((one, other) => one - other),
  )
})

test('who asked is told that the connection is lost, and nothing more is said or trusted', async () => {
  turns.start()
  const [first, second] = [turns.say('one'), turns.say('two')]
  await sent[0]?.fail()
  assert.deepEqual([await first, await second, await turns.say('three')], [false, false, false])
  assert.deepEqual([lost, turns.heardUntil, sent.length], [1, -Infinity, 1])
})

test('an end is no loss', async () => {
  turns.start()
  const [first, second] = [turns.say('one'), turns.say('two')]
  turns.end()
  await sent[0]?.answer()
  assert.deepEqual([await first, await second], [false, false])
  assert.deepEqual([lost, turns.heardUntil, sent.length], [0, -Infinity, 1])
})
