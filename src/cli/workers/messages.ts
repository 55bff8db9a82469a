import type { ProcessMetrics } from '../../server/metrics.ts'
import type { Config } from '../../server/settings/settings.ts'
import type { SetupGrant } from '../../server/setup.ts'

// The messages between the primary process and a worker. No other process can read their channel. Other
// processes can read a command line or an environment.

/** What a worker needs to serve. */
export interface Assignment {
  /** The same for all workers. It is read once, so a file that changes meanwhile cannot make them differ. */
  readonly config: Config
  readonly setup: SetupGrant
  /** One worker of all deletes ended sessions. */
  readonly prune: boolean
  /** The number of its place, which labels its metrics. */
  readonly worker: number
}

export type ToWorker =
  | { readonly type: 'start'; readonly assignment: Assignment }
  /** Patient: other workers keep serving, so there is time for requests that are on their way. */
  | { readonly type: 'stop'; readonly patient: boolean }
  | { readonly type: 'measure'; readonly question: number }

export interface Listening {
  readonly type: 'listening'
  readonly url: string
  readonly greeting: readonly string[]
}

export type FromWorker =
  /** It receives messages from now on. Earlier ones would be lost. */
  | { readonly type: 'ready' }
  | Listening
  | { readonly type: 'failed'; readonly exitCode: number; readonly reason: string }
  | { readonly type: 'measured'; readonly question: number; readonly metrics: ProcessMetrics }
