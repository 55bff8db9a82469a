import type { Registry } from 'prom-client'
import type { Auth } from '../core/auth.ts'
import { internals } from '../core/internals.ts'
import type { Issuers } from '../core/issuers/issuers.ts'
import type { ResourceServer } from '../core/issuers/resource-server.ts'
import type { ManagedKeys } from '../core/keys/rotation.ts'
import type { Outbox } from '../core/mail/outbox.ts'
import type { CacheCounts } from '../core/statistics.ts'
import { registerHistogram, registerRead, type Sample } from './register.ts'

/**
 * Adds to a registry of prom-client what an application's security counts: logins, throttled attempts,
 * the queue of password hashes, caches, connections, signing keys, keys of other issuers. See
 * docs/metrics.md. Requests are `requestMetrics`.
 *
 * Everything is read when the registry is asked, but for the time of each hash. To be called once for
 * each registry.
 */
export function collectMetrics(auth: Auth | ResourceServer, registry: Registry): void {
  const own = internals in auth ? auth[internals] : undefined
  registerRead(registry, 'portcullis_token_cache_lookups_total', () => [
    ...(own === undefined ? [] : lookups(own.accessTokens.cache, { cache: 'own' })),
    ...lookups(auth.issuers.cache, { cache: 'external' }),
  ])
  collectIssuers(auth.issuers, registry)
  if (internals in auth) collectUsers(auth, registry)
}

function collectUsers(auth: Auth, registry: Registry): void {
  const { sessions, managedKeys } = auth
  const { clients, login, throttle, store, passwords, outbox, second, apiKeys } = auth[internals]
  const { pool } = passwords
  registerRead(registry, 'portcullis_logins_total', () =>
    Object.entries(login.counts).map(([result, count]) => [count, { result }]),
  )
  if (second !== null) {
    registerRead(registry, 'portcullis_second_factors_total', () =>
      Object.entries(second.counts).flatMap(([kind, counts]) =>
        Object.entries(counts).map(([result, count]): Sample => [count, { kind, result }]),
      ),
    )
  }
  if (apiKeys !== null) {
    registerRead(registry, 'portcullis_api_keys_total', () =>
      Object.entries(apiKeys.counts).map(([result, count]) => [count, { result }]),
    )
  }
  registerRead(registry, 'portcullis_client_authentications_total', () =>
    Object.entries(clients.counts).map(([result, count]) => [count, { result }]),
  )
  registerRead(registry, 'portcullis_throttled_attempts_total', () => [[throttle.refused]])
  registerRead(registry, 'portcullis_locks_total', () => [[throttle.locked]])
  registerRead(registry, 'portcullis_hash_jobs_running', () => [[pool.load.running]])
  registerRead(registry, 'portcullis_hash_jobs_running_peak', () => [[pool.history.peak]])
  registerRead(registry, 'portcullis_hash_jobs_waiting', () => [[pool.load.waiting]])
  registerRead(registry, 'portcullis_hash_jobs_refused_total', () => [[pool.history.refused]])
  const waits = registerHistogram(registry, 'portcullis_hash_wait_seconds')
  const durations = registerHistogram(registry, 'portcullis_hash_duration_seconds')
  pool.subscribe(({ waited, ran }) => {
    waits.observe(waited)
    durations.observe(ran)
  })
  registerRead(registry, 'portcullis_subject_cache_lookups_total', () => {
    const subjects = store.statistics?.().subjects
    return subjects ? lookups(subjects) : []
  })
  registerRead(registry, 'portcullis_subject_cache_users', () =>
    sampleOf(store.statistics?.().subjects.users),
  )
  registerRead(registry, 'portcullis_database_connections', () =>
    Object.entries(store.statistics?.().connections ?? {}).map(([state, n]) => [n, { state }]),
  )
  const turns = shareWhileRunning(() => turnsOf(managedKeys))
  registerRead(registry, 'portcullis_signing_key_active_since_seconds', async () =>
    sampleOf((await turns()).active),
  )
  registerRead(registry, 'portcullis_signing_key_next_since_seconds', async () =>
    sampleOf((await turns()).next),
  )
  registerRead(registry, 'portcullis_sessions_pruned_total', () => [[sessions.pruned]])
  if (outbox !== null) collectMails(outbox, registry)
}

function collectMails(outbox: Outbox, registry: Registry): void {
  // A database that does not answer must neither delay nor drop the other metrics.
  const counts = shareWhileRunning(() => outbox.counts().catch(() => null))
  registerRead(registry, 'portcullis_mails', async () => {
    const { waiting, failed } = (await counts()) ?? {}
    return waiting === undefined || failed === undefined
      ? []
      : [
          [waiting, { state: 'waiting' }],
          [failed, { state: 'failed' }],
        ]
  })
  registerRead(registry, 'portcullis_mail_oldest_due_seconds', async () =>
    sampleOf((await counts())?.oldestDueAt ?? undefined),
  )
}

function collectIssuers({ status }: Issuers, registry: Registry): void {
  registerRead(registry, 'portcullis_issuer_fetches_total', () =>
    status().map(({ issuer, fetches }) => [fetches, { issuer }]),
  )
  registerRead(registry, 'portcullis_issuer_fetch_failures_total', () =>
    status().map(({ issuer, failures }) => [failures, { issuer }]),
  )
  registerRead(registry, 'portcullis_issuer_fetched_at_seconds', () =>
    status().flatMap(({ issuer, lastFetchedAt }) =>
      lastFetchedAt === null ? [] : [[lastFetchedAt, { issuer }] as const],
    ),
  )
  registerRead(registry, 'portcullis_issuer_keys', () =>
    status().map(({ issuer, keys }) => [keys, { issuer }]),
  )
}

function lookups({ hits, misses }: CacheCounts, labels: Sample[1] = {}): Sample[] {
  return [
    [hits, { ...labels, result: 'hit' }],
    [misses, { ...labels, result: 'miss' }],
  ]
}

function sampleOf(value: number | undefined): Sample[] {
  return value === undefined ? [] : [[value]]
}

/** Answers all who ask while a run is under way by that run: those of one scrape. */
function shareWhileRunning<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  return () => {
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }
}

/** The instants from which the active key and the next one sign. */
async function turnsOf(keys: ManagedKeys | null): Promise<{ active?: number; next?: number }> {
  if (keys === null) return {}
  // A database that does not answer must neither delay nor drop the other metrics.
  const line = await keys.list().catch(() => [])
  const active = line.find(({ state }) => state === 'active')?.signsFrom
  if (active === undefined) return {}
  const published = line.find(({ state }) => state === 'next')?.signsFrom
  const next = published ?? (keys.rotationInterval > 0 ? active + keys.rotationInterval : undefined)
  return { active, ...(next !== undefined && { next }) }
}
