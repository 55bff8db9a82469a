import type { Config } from '../../server/settings/settings.ts'
import type { DatabaseInspection } from '../../stores/inspection.ts'

/** `warning`: it works, and something is likely not as it was meant. `problem`: to be mended. */
export type Status = 'ok' | 'warning' | 'problem'

/** What one look at one thing found. Never holds a secret. */
export interface Finding {
  /** Which check found it: stable, for programs. */
  readonly name: string
  readonly status: Status
  readonly finding: string
  /** What to do; null if there is nothing to do. */
  readonly advice: string | null
}

/** What the checks look at. None of them changes anything; one sends a mail if it is asked to. */
export interface Subject {
  readonly config: Config
  /** Null while there is no database, and while it cannot be read. */
  readonly inspection: DatabaseInspection | null
  /** Why the database cannot be read. */
  readonly databaseFailure: string | null
  /** Milliseconds that a password hash is to take; undefined if nobody asked. */
  readonly targetTime: number | undefined
  /** Where a mail is to be sent; undefined if nobody asked. */
  readonly sendTo: string | undefined
  /** Seconds since 1970. */
  readonly now: number
}

/** One look at one thing. */
export type Check = (subject: Subject) => readonly Finding[] | Promise<readonly Finding[]>

/** What a check says of its findings. */
export interface Findings {
  ok(finding: string, advice?: string): Finding
  warning(finding: string, advice: string): Finding
  problem(finding: string, advice: string): Finding
}

/** Makes the findings of one check. */
export function findingsOf(name: string): Findings {
  return {
    ok: (finding, advice) => ({ name, status: 'ok', finding, advice: advice ?? null }),
    warning: (finding, advice) => ({ name, status: 'warning', finding, advice }),
    problem: (finding, advice) => ({ name, status: 'problem', finding, advice }),
  }
}

/** Seconds, in words: `90 days`. */
export function inWords(seconds: number): string {
  const units = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
  ] as const
  const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1]
  const count = Math.round(seconds / length)
  return `${count} ${unit}${Math.abs(count) === 1 ? '' : 's'}`
}
