import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { createMembers, type Members } from '../../../src/stores/postgres/members.ts'

const [self, ann, bob] = [1, 2, 3]
const giveUpAfter = 300

let said: string[]
let members: Members
let end: () => void
let allHeard: boolean

beforeEach(() => {
  said = []
  allHeard = false
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  end = resolve
  members = createMembers(
    { pid: self, ended, say: async (...messages) => void said.push(...messages) },
    giveUpAfter,
  )
})

const hear = (sender: number, message: string): void => members.message(message.split(' '), sender)

/** Asks, and hears the own question; returns its number. */
function ask(): string {
  allHeard = false
  members.ask(() => {
    allHeard = true
  })
  const question = said.pop() ?? ''
  assert.match(question, /^sync \d+$/)
  assert.equal(allHeard, false, 'not before the own question was heard')
  hear(self, question)
  return question.replace('sync ', '')
}

test('who is alone has heard it when the own question comes back', () => {
  ask()
  assert.equal(allHeard, true)
})

test('a question is answered by everybody who has joined', () => {
  hear(ann, 'joined')
  hear(bob, 'joined')
  const number = ask()
  hear(ann, `heard ${self} ${number}`)
  assert.equal(allHeard, false)
  hear(bob, `heard ${bob} ${number}`)
  hear(bob, `heard ${self} ${Number(number) + 1}`)
  assert.equal(allHeard, false, 'that was an answer to another question')
  hear(bob, `heard ${self} ${number}`)
  assert.equal(allHeard, true)
})

test('who leaves is not waited for, and a question that is on its way is not answered by that', () => {
  hear(ann, 'joined')
  members.ask(() => {
    allHeard = true
  })
  hear(ann, 'left')
  assert.equal(allHeard, false)
  hear(ann, 'joined')
  ask()
  assert.equal(allHeard, false)
  hear(ann, 'left')
  assert.equal(allHeard, true)
  ask()
  assert.equal(allHeard, true)
})

test("others' questions are answered at once", () => {
  hear(ann, 'sync 7')
  assert.deepEqual(said, [`heard ${ann} 7`])
})

test('what is none of these is passed over', () => {
  hear(ann, '')
  hear(self, 'sync 99')
  hear(ann, `heard ${self} 99`)
  hear(self, 'nonsense')
  assert.deepEqual(said, [])
})

describe('who owes an answer', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  test('is given up after a while, and is back with the answer', () => {
    hear(ann, 'joined')
    const number = ask()
    mock.timers.tick(giveUpAfter)
    assert.equal(allHeard, false, 'the one who asks waits by a clock of their own')
    ask()
    assert.equal(allHeard, true)
    hear(ann, `heard ${self} ${number}`)
    ask()
    assert.equal(allHeard, false)
  })

  test('is not given up by a connection that has ended', async () => {
    hear(ann, 'joined')
    ask()
    end()
    await null
    mock.timers.tick(giveUpAfter)
    ask()
    assert.equal(allHeard, false)
  })
})
