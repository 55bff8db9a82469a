import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventAnswer } from '../../../src/core/events/event-answer.ts'
import { anEvent } from '../../../src/stores/contract/records.ts'

test('an event is shown under the names of the wire, and what is not known is absent', () => {
  const event = anEvent({ reason: 'a reason', details: { role: 'member' } })
  assert.deepEqual(eventAnswer(event), event)
  const who = { actor: 'system', address: '192.0.2.1' }
  const ids = { userId: 'u', clientId: 'c', sessionId: 's', requestId: 'r' }
  assert.deepEqual(eventAnswer({ ...event, ...who, ...ids }), {
    ...event,
    ...who,
    user_id: 'u',
    client_id: 'c',
    session_id: 's',
    request_id: 'r',
  })
  for (const [member, name] of [
    ['userId', 'user_id'],
    ['clientId', 'client_id'],
    ['sessionId', 'session_id'],
    ['requestId', 'request_id'],
  ] as const) {
    assert.deepEqual(eventAnswer({ ...event, [member]: 'id' }), { ...event, [name]: 'id' })
  }
})
