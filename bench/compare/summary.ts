// What the figures come to: a line for each thing that was to be found out, with the goal that we set.

import type { Results, RowResult } from './results.ts'
import type { Series } from './rounds.ts'
import { median, ratio } from './statistics.ts'

export interface Line {
  readonly what: string
  readonly ours: string
  /** Whom it is compared with, and theirs. */
  readonly beside: string
  readonly ratio: string
  readonly goal: string
}

/** The lines of those rows that were measured. */
export function summarize(results: Results): readonly Line[] {
  return Object.entries(summaries).flatMap(([name, lines]) => {
    const result = results[name]
    return result ? lines(result) : []
  })
}

/** The four lines that the project's first page shows. */
export function headline(results: Results): readonly Line[] {
  const { me, footprint } = results
  const during = results['me-during-login']
  return [
    ...(me
      ? [
          ...against(me, 'guarded `GET /me`, user and session read', 'Portcullis', [
            ['@fastify/jwt', null],
          ]).map((line) => ({ ...line, beside: `${line.beside}, which reads the token alone` })),
          ...against(me, 'the same', 'Portcullis', [['Better Auth, SQLite', null]]).map((line) => ({
            ...line,
            beside: `${line.beside}, which reads both`,
          })),
        ]
      : []),
    ...(during
      ? latency(during, 'Better Auth, argon2id, during logins', '').map((line) => ({
          ...line,
          what: '99 of 100 answers to `GET /me` while all cores hash passwords',
        }))
      : []),
    ...(footprint
      ? summarize({ footprint }).filter(({ what }) => what === 'start to first answer')
      : []),
  ]
}

const summaries: Readonly<Record<string, (result: RowResult) => readonly Line[]>> = {
  me: (result) => [
    ...against(result, 'guarded `GET /me`, user checked', 'Portcullis', [
      ['Portcullis, unguarded route', 0.85],
      ['Fastify, no guard', 0.65],
      ['@fastify/jwt', 2],
      ['@fastify/jwt with its cache', 1.7],
      ['FastAPI', 15],
    ]),
    ...against(result, 'a route without a guard', 'Portcullis, unguarded route', [
      ['Fastify, no guard', 0.8],
    ]),
    ...against(result, 'the same, 10,000 tokens in turn', 'Portcullis, 10,000 tokens', [
      ['Portcullis', 0.9],
    ]),
    ...against(result, 'the same, on PostgreSQL', 'Portcullis, PostgreSQL', [['Portcullis', 0.9]]),
  ],
  'first-sight': (result) =>
    ['HS256', 'ES256'].flatMap((algorithm) =>
      against(result, `first sight of a token, ${algorithm}`, `Portcullis, ${algorithm}`, [
        [`@fastify/jwt, ${algorithm}`, algorithm === 'HS256' ? 1 : 1.2],
      ]),
    ),
  login: (result) =>
    against(result, 'login at saturation', 'Portcullis', [
      ['argon2id alone', 0.97],
      ['Fastify, @fastify/jwt, @node-rs/argon2', null],
      ['Fastify, @fastify/jwt, argon2', 2],
      ['Better Auth, argon2id', 2],
    ]),
  'me-during-login': (result) => [
    ...against(result, '`GET /me` during logins', 'Portcullis, during logins', [
      ['Portcullis, idle', 0.4],
    ]),
    ...[
      'Fastify, @fastify/jwt, @node-rs/argon2, during logins',
      'Better Auth, argon2id, during logins',
    ].flatMap((peer, index) => latency(result, peer, index === 0 ? '≤ 20 ms' : '')),
  ],
  grants: ({ series = {} }) =>
    ['refresh', 'revoke', 'introspect'].map((what) => ({
      what,
      ours: rate(series[`${what}, SQLite`]),
      beside: `PostgreSQL: ${rate(series[`${what}, PostgreSQL`])}`,
      ratio: '',
      goal: '',
    })),
  'code-flow': (result) =>
    ['a third party', 'a first party'].flatMap((who) =>
      against(
        result,
        `login by browser without a page, ${who}: round trips for a second of processor`,
        `Portcullis, SQLite, ${who}`,
        [['oidc-provider, memory', 2]],
      ),
    ),
  growth: (result) => [
    ...['GET /me', 'login'].flatMap((what) =>
      against(result, `${what}, 1,000,000 users and sessions`, `${what}, 1,000,000`, [
        [`${what}, 1,000`, 0.9],
      ]),
    ),
    ...Object.entries(result.figures ?? {})
      .slice(-1)
      .map(([level, { bytesPerUser, bytesPerSession }]) => ({
        what: `size in SQLite, ${level} of each`,
        ours: `${bytesPerUser} bytes a user, ${bytesPerSession} a session`,
        beside: '',
        ratio: '',
        goal: '',
      })),
  ],
  import: ({ figures = {} }) =>
    Object.entries(figures).map(([name, { seconds }]) => ({
      what: `import of ${name}`,
      ours: `${seconds} s`,
      beside: '',
      ratio: '',
      goal: '≤ 30 s',
    })),
  footprint: ({ figures = {} }) =>
    footprintLines.map(([what, key, unit, goal]) => ({
      what,
      ours: `${figures.Portcullis?.[key]}${unit}`,
      beside: ['Better Auth', 'NestJS']
        .map((name) => `${name}: ${figures[name]?.[key]}${unit}`)
        .join(', '),
      ratio: '',
      goal,
    })),
}

const footprintLines = [
  ['start to first answer', 'startMilliseconds', ' ms', '≤ 450 ms'],
  ['memory when idle', 'idleMebibytes', ' MiB', '≤ 85 MiB'],
  ['packages installed', 'packages', '', '≤ 60'],
  ['their size', 'installedMebibytes', ' MiB', '≤ 20 MiB'],
] as const

/** Our rate beside others', those that were there. */
function against(
  { series = {} }: RowResult,
  what: string,
  name: string,
  others: readonly (readonly [name: string, goal: number | null])[],
): Line[] {
  const own = series[name]
  if (own === undefined) return []
  return others.flatMap(([other, goal]) => {
    const theirs = series[other]
    if (theirs === undefined) return []
    return {
      what,
      ours: rate(own),
      beside: `${other}: ${rate(theirs)}`,
      ratio: ratio(own.rate, theirs.rate).toFixed(2),
      goal: goal === null ? '' : `≥ ${goal}`,
    }
  })
}

function latency({ series = {} }: RowResult, peer: string, goal: string): Line[] {
  const own = series['Portcullis, during logins']
  const theirs = series[peer]
  if (own === undefined || theirs === undefined) return []
  const p99 = (of: Series): string => `${median(of.p99).toFixed(1)} ms at ${rate(of)}`
  return [
    {
      what: 'its 99th percentile',
      ours: p99(own),
      beside: `${peer.replace(', during logins', '')}: ${p99(theirs)}`,
      ratio: '',
      goal,
    },
  ]
}

function rate(series: Series | undefined): string {
  return series === undefined ? '–' : `${round(median(series.rate))}/s`
}

/** Three digits say what can be known. */
export function round(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 1 })
}
