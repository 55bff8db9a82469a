// How long logins and records are kept: each is an option of `createAuth` of the same name.

import { eventRetentionMinimum } from '../../core/events/event-store.ts'
import { eventRetention as retention } from '../../core/events/events.ts'
import { defaultRetryWindow, type SessionOptions } from '../../core/sessions/session-options.ts'
import { integer, type Setting, type SettingsOf, tenYears } from './setting.ts'

const day = 86400
/** Seconds. */
const idleLifetime: Setting<number> = integer('SESSION_IDLE_LIFETIME', {
  least: 1,
  most: tenYears,
  fallback: 14 * day,
  description: 'Seconds without a refresh after which a session expires (14 days).',
})

/** Seconds. */
const refreshGrace: Setting<number> = integer('REFRESH_GRACE', {
  least: 0,
  most: 300,
  fallback: 10,
  description:
    'Seconds within which a refresh token may be presented again, for a client that lost the answer; `0` is strict.',
})

/** Seconds. */
export const sessions: SettingsOf<Required<SessionOptions>> = {
  idleLifetime,
  lifetime: integer('SESSION_LIFETIME', {
    least: 1,
    most: tenYears,
    fallback: 90 * day,
    description: 'Seconds after which a session expires, however it is used (90 days).',
  }),
  refreshGrace,
  refreshRetryWindow: integer<number>('REFRESH_RETRY_WINDOW', {
    least: 0,
    most: tenYears,
    fallback: (valueFor) => defaultRetryWindow(valueFor(refreshGrace), valueFor(idleLifetime)),
    default: '`SESSION_IDLE_LIFETIME`, 0 if `REFRESH_GRACE` is 0',
    example: 86400,
    description:
      'Seconds within which a refresh token may be presented again after the grace, as long as its successor has never been used; `0` ends the session. See [sessions](sessions.md#refresh).',
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
