import type { ProcessMetrics } from '../../server/metrics.ts'
import type { Config } from '../../server/settings/settings.ts'
import type { SetupGrant } from '../../server/setup.ts'

// What the primary process and a worker say to each other, over the channel between them: it is
// nobody else's to read, as the command line and the environment are.

/** What a worker needs to serve. */
export interface Assignment {
  /** The same for all, read once: a file that changes meanwhile makes no two kinds of workers. */
  readonly config: Config
  readonly setup: SetupGrant
  /** One worker of all deletes ended sessions. */
  readonly prune: boolean
  /** The number of its place, which its metrics are told apart by. */
  readonly worker: number
}

export type ToWorker =
  | { readonly type: 'start'; readonly assignment: Assignment }
  /** Patient: others serve on, so that there is time for requests that are on their way. */
  | { readonly type: 'stop'; readonly patient: boolean }
  | { readonly type: 'measure'; readonly question: number }

export interface Listening {
  readonly type: 'listening'
  readonly url: string
  readonly greeting: readonly string[]
}

export type FromWorker =
  /** It hears what it is told from now on; before, it would be lost. */
  | { readonly type: 'ready' }
  | Listening
  | { readonly type: 'failed'; readonly exitCode: number; readonly reason: string }
  | { readonly type: 'measured'; readonly question: number; readonly metrics: ProcessMetrics }
