/** The names of the metrics; the compiler holds what registers them to the list. */
export type MetricName =
  | 'portcullis_http_request_duration_seconds'
  | 'portcullis_logins_total'
  | 'portcullis_second_factors_total'
  | 'portcullis_api_keys_total'
  | 'portcullis_client_authentications_total'
  | 'portcullis_throttled_attempts_total'
  | 'portcullis_locks_total'
  | 'portcullis_hash_jobs_running'
  | 'portcullis_hash_jobs_running_peak'
  | 'portcullis_hash_jobs_waiting'
  | 'portcullis_hash_jobs_refused_total'
  | 'portcullis_hash_wait_seconds'
  | 'portcullis_hash_duration_seconds'
  | 'portcullis_token_cache_lookups_total'
  | 'portcullis_subject_cache_lookups_total'
  | 'portcullis_subject_cache_users'
  | 'portcullis_database_connections'
  | 'portcullis_signing_key_active_since_seconds'
  | 'portcullis_signing_key_next_since_seconds'
  | 'portcullis_issuer_fetches_total'
  | 'portcullis_issuer_fetch_failures_total'
  | 'portcullis_issuer_fetched_at_seconds'
  | 'portcullis_issuer_keys'
  | 'portcullis_sessions_pruned_total'
  | 'portcullis_mails'
  | 'portcullis_mail_oldest_due_seconds'

/** A metric as `/metrics` describes it: the table of docs/metrics.md is checked against this list. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** What series are told apart by; each has few values, and none is chosen by a client. */
  readonly labels: readonly string[]
  readonly help: string
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[]
}

/** What is measured, by name. Instants are seconds since 1970. */
export const definitions: Readonly<Record<MetricName, MetricDefinition>> = {
  portcullis_http_request_duration_seconds: {
    type: 'histogram',
    labels: ['method', 'route', 'status'],
    help: 'Time from a request to its answer, by the pattern of the route; "unmatched" if there is none',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  portcullis_logins_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Passwords presented, to log in or to change one: succeeded, failed, throttled, or unavailable (too many at once, or no database)',
  },
  portcullis_second_factors_total: {
    type: 'counter',
    labels: ['kind', 'result'],
    help: 'Second factors shown (otp, recovery_code, passkey), a passkey without a password too: succeeded, failed, or throttled; absent without factors',
  },
  portcullis_api_keys_total: {
    type: 'counter',
    labels: ['result'],
    help: 'API keys presented to a guard or to introspection: accepted or refused; absent without API keys',
  },
  portcullis_client_authentications_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Clients that named themselves at an OAuth endpoint: succeeded, failed, or throttled',
  },
  portcullis_throttled_attempts_total: {
    type: 'counter',
    labels: [],
    help: 'Attempts of any kind that were answered with a wait',
  },
  portcullis_locks_total: {
    type: 'counter',
    labels: [],
    help: 'Locks after a hundred failed attempts in a row, the last one here: of users, and of their second factors',
  },
  portcullis_hash_jobs_running: {
    type: 'gauge',
    labels: [],
    help: 'Password hashes that run now',
  },
  portcullis_hash_jobs_running_peak: {
    type: 'gauge',
    labels: [],
    help: 'Password hashes that ran at the same time, at most, since the start',
  },
  portcullis_hash_jobs_waiting: {
    type: 'gauge',
    labels: [],
    help: 'Password hashes that wait for a core now',
  },
  portcullis_hash_jobs_refused_total: {
    type: 'counter',
    labels: [],
    help: 'Password hashes that were refused with 503, because the queue was full or their turn came too late',
  },
  portcullis_hash_wait_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Time that a password hash waited for a core',
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
  },
  portcullis_hash_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Time that a password hash took once it ran',
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
  },
  portcullis_token_cache_lookups_total: {
    type: 'counter',
    labels: ['cache', 'result'],
    help: 'Access tokens (own, external), whose signature was known (hit) or had to be checked (miss)',
  },
  portcullis_subject_cache_lookups_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Guarded requests whose user was in memory (hit) or had to be read (miss)',
  },
  portcullis_subject_cache_users: {
    type: 'gauge',
    labels: [],
    help: 'Users that are in memory for guarded requests',
  },
  portcullis_database_connections: {
    type: 'gauge',
    labels: ['state'],
    help: 'Connections of the pool (used, idle), and who waits for one (waiting); PostgreSQL only',
  },
  portcullis_signing_key_active_since_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the key that signs began to; managed keys only; absent while the database does not answer',
  },
  portcullis_signing_key_next_since_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the next key will begin to sign; absent if keys are not rotated, or the database does not answer',
  },
  portcullis_issuer_fetches_total: {
    type: 'counter',
    labels: ['issuer'],
    help: 'Fetches of the keys of another issuer',
  },
  portcullis_issuer_fetch_failures_total: {
    type: 'counter',
    labels: ['issuer'],
    help: 'Fetches of the keys of another issuer that failed',
  },
  portcullis_issuer_fetched_at_seconds: {
    type: 'gauge',
    labels: ['issuer'],
    help: 'When the keys of another issuer were last fetched; absent if they never were',
  },
  portcullis_issuer_keys: {
    type: 'gauge',
    labels: ['issuer'],
    help: 'Usable keys of another issuer',
  },
  portcullis_sessions_pruned_total: {
    type: 'counter',
    labels: [],
    help: 'Ended sessions that were deleted',
  },
  portcullis_mails: {
    type: 'gauge',
    labels: ['state'],
    help: 'Mails of the last 7 days that wait or were given up; absent without a mailer',
  },
  portcullis_mail_oldest_due_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Since when the mail that waits longest should have been sent; absent if none waits',
  },
}
