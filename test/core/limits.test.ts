// Numbers that users, operators and clients are told, or that what is stored depends on: who changes one
// changes a promise.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scopeMaxLength } from '../../src/core/access/roles.ts'
import { accessTokenMaxLifetime } from '../../src/core/auth-options.ts'
import { clockTolerance } from '../../src/core/clock.ts'
import { eventRetentionMinimum } from '../../src/core/events/event-store.ts'
import { eventRetention } from '../../src/core/events/events.ts'
import { subjectMaxLength } from '../../src/core/issuers/identities.ts'
import { externalClockTolerance } from '../../src/core/issuers/issuers.ts'
import {
  jwksMaxAge,
  keyRotationInterval,
  keyRotationMinimum,
  publicationLead,
} from '../../src/core/keys/lifecycle.ts'
import { passwordMaxBytes } from '../../src/core/passwords/password-policy.ts'
import {
  accountRule,
  keptFor,
  knownFor,
  maxCounts,
  sourceRule,
  unlockedRule,
} from '../../src/core/throttle/rules.ts'
import { noEnd } from '../../src/core/throttle/throttle-store.ts'
import { accessTokenMaxLength } from '../../src/core/tokens/token-text.ts'
import { usernameMaxLength } from '../../src/core/users/username.ts'

const [minute, hour, day] = [60, 3600, 86_400]

test('times are as they were told', () => {
  assert.equal(accessTokenMaxLifetime, hour)
  assert.deepEqual([clockTolerance, externalClockTolerance], [30, minute])
  assert.deepEqual([eventRetention, eventRetentionMinimum], [90 * day, 7 * day])
  assert.deepEqual([keyRotationInterval, keyRotationMinimum], [90 * day, day])
  assert.deepEqual([publicationLead, jwksMaxAge], [hour, 5 * minute])
})

test('lengths are as they were told', () => {
  assert.deepEqual([usernameMaxLength, passwordMaxBytes], [254, 1024])
  assert.deepEqual([accessTokenMaxLength, scopeMaxLength, subjectMaxLength], [8192, 4096, 255])
})

test('failed logins wait as they were told', () => {
  const waits = { firstWait: 1, longestWait: 15 * minute }
  assert.deepEqual(accountRule, { free: 5, ...waits, lockedFrom: 100, forgottenAfter: noEnd })
  assert.deepEqual(unlockedRule, { ...accountRule, lockedFrom: noEnd })
  assert.deepEqual(sourceRule, { free: 50, ...waits, lockedFrom: noEnd, forgottenAfter: day })
  assert.deepEqual([keptFor, knownFor, maxCounts], [30 * day, 90 * day, 200_000])
})
