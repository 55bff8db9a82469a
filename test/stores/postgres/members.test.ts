import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { createMembers, type Members } from '../../../src/stores/postgres/members.ts'

const [self, ann, bob] = [1, 2, 3]
const giveUpAfter = 300

let said: string[]
/** What is said after the log has been read. */
let answers: string[]
let members: Members
/** Answers what was said last, which has read the log, too. */
let read: (isRead?: boolean) => Promise<void>
let allHeard: boolean

beforeEach(() => {
  said = []
  answers = []
  allHeard = false
  read = () => assert.fail('nothing was said')
  members = createMembers(
    {
      pid: self,
      say(...messages) {
        said.push(...messages)
        const { promise, resolve } = Promise.withResolvers<boolean>()
        read = async (isRead = true) => {
          resolve(isRead)
          await promise
          await null
        }
        return promise
      },
      sayAfterReading: (message) => void answers.push(message),
    },
    giveUpAfter,
  )
})

const hear = (sender: number, message: string): void => members.message(message.split(' '), sender)

/** Asks, hears the own question and reads the log; returns its number. */
async function ask(): Promise<string> {
  allHeard = false
  members.ask(() => {
    allHeard = true
  })
  const question = said.pop() ?? ''
  assert.match(question, /^sync \d+$/)
  hear(self, question)
  assert.equal(allHeard, false, 'not before the log was read')
  await read()
  return question.replace('sync ', '')
}

test('who is alone has heard it when the own question comes back and the log was read', async () => {
  await ask()
  assert.equal(allHeard, true)
  members.ask(() => assert.fail('the question was not heard'))
  await read()
})

test('a connection that is lost has heard nothing', async () => {
  members.ask(() => assert.fail('the log was not read'))
  hear(self, String(said.pop()))
  await read(false)
})

test('one question serves all who wait, and the next one begins when it is over', async () => {
  hear(ann, 'joined')
  const number = await ask()
  const heard: string[] = []
  for (const caller of ['one', 'two']) members.ask(() => heard.push(caller))
  assert.deepEqual(said, [])
  hear(ann, `heard ${self} ${number}`)
  assert.equal(allHeard, true)
  assert.deepEqual(said, [`sync ${Number(number) + 1}`])
  hear(self, String(said.pop()))
  await read()
  assert.deepEqual(heard, [])
  hear(ann, `heard ${self} ${Number(number) + 1}`)
  assert.deepEqual(heard, ['one', 'two'])
  assert.deepEqual(said, [])
})

test('a question is answered by everybody who has joined', async () => {
  hear(ann, 'joined')
  hear(bob, 'joined')
  const number = await ask()
  hear(ann, `heard ${self} ${number}`)
  assert.equal(allHeard, false)
  hear(bob, `heard ${bob} ${number}`)
  hear(bob, `heard ${self} ${Number(number) + 1}`)
  assert.equal(allHeard, false, 'that was an answer to another question')
  hear(bob, `heard ${self} ${number}`)
  assert.equal(allHeard, true)
})

test('who leaves is not waited for, and a question that is on its way is not answered by that', async () => {
  hear(ann, 'joined')
  hear(bob, 'joined')
  members.ask(() => {
    allHeard = true
  })
  await read()
  hear(ann, 'left')
  assert.equal(allHeard, false)
  hear(self, String(said.pop()))
  assert.equal(allHeard, false)
  hear(bob, 'left')
  assert.equal(allHeard, true)
  await ask()
  assert.equal(allHeard, true)
})

test("others' questions are answered when the log has been read", () => {
  hear(ann, 'sync 7')
  assert.deepEqual([said, answers], [[], [`heard ${ann} 7`]])
})

test('what is none of these is passed over', () => {
  hear(ann, '')
  hear(self, 'sync 99')
  hear(ann, `heard ${self} 99`)
  hear(self, 'nonsense')
  assert.deepEqual([said, answers], [[], []])
})

describe('who owes an answer', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  test('and says nothing is given up after a while, and is back with a word', async () => {
    hear(ann, 'joined')
    await ask()
    members.ask(() => {
      allHeard = true
    })
    mock.timers.tick(giveUpAfter)
    assert.deepEqual(said, [], 'what ann has said may still lie here unread')
    await read()
    assert.equal(allHeard, false, 'the one who asked waits by a clock of their own')
    hear(self, String(said.pop()))
    await read()
    assert.equal(allHeard, true, 'she is not asked any more')
    hear(ann, 'sync 1')
    await ask()
    assert.equal(allHeard, false)
  })

  test('and says something else is no longer waited for, and asked again', async () => {
    hear(ann, 'joined')
    const number = await ask()
    hear(ann, 'sync 1')
    mock.timers.tick(giveUpAfter)
    await read()
    hear(ann, `heard ${self} ${number}`)
    assert.equal(allHeard, false, 'that question is over')
    await ask()
    assert.equal(allHeard, false)
  })

  test('is not given up for what was said before the list was read', async () => {
    hear(ann, 'joined')
    const number = await ask()
    mock.timers.tick(giveUpAfter)
    hear(ann, `heard ${self} ${number}`)
    assert.equal(allHeard, true)
    await read()
    await ask()
    assert.equal(allHeard, false)
  })

  test('is not given up by a connection that has ended', async () => {
    hear(ann, 'joined')
    await ask()
    mock.timers.tick(giveUpAfter)
    await read(false)
    members.ask(() => assert.fail('the question is not over'))
    assert.deepEqual(said, [])
  })
})
