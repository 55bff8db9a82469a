// How long logins and records are kept: each is an option of `createAuth` of the same name.

import { eventRetentionMinimum } from '../../core/events/event-store.ts'
import { eventRetention as retention } from '../../core/events/events.ts'
import type { SessionOptions } from '../../core/sessions/session-options.ts'
import { integer, type Setting, type SettingsOf, tenYears } from './setting.ts'

const day = 86400
/** Seconds. */
export const sessions: SettingsOf<Required<SessionOptions>> = {
  idleLifetime: integer('SESSION_IDLE_LIFETIME', {
    least: 1,
    most: tenYears,
    fallback: 14 * day,
    description: 'Seconds without a refresh after which a session expires (14 days).',
  }),
  lifetime: integer('SESSION_LIFETIME', {
    least: 1,
    most: tenYears,
    fallback: 90 * day,
    description: 'Seconds after which a session expires, however it is used (90 days).',
  }),
  refreshGrace: integer('REFRESH_GRACE', {
    least: 0,
    most: 300,
    fallback: 10,
    description:
      'Seconds within which a refresh token may be presented again, for a client that lost the answer; `0` is strict.',
  }),
}

/** Seconds. */
export const eventRetention: Setting<number> = integer('EVENT_RETENTION', {
  least: eventRetentionMinimum,
  most: tenYears,
  fallback: retention,
  description:
    'Seconds after which [events](events.md) are deleted (90 days), at least 604800 (7 days).',
})
