import type { DatabaseInspection } from '../../stores/inspection.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('database')
const migrations = findingsOf('migrations')

/** Milliseconds of a small read, above which every guarded request that asks the database is slow. */
const slow = { SQLite: 20, PostgreSQL: 10 }

/** The database can be read, is whole, answers soon, and has room for this server's connections. */
export function checkDatabase({
  config,
  inspection,
  databaseFailure,
}: Subject): readonly Finding[] {
  if (databaseFailure !== null) {
    return [problem(databaseFailure, 'Mend it as it says, and run doctor again.')]
  }
  if (inspection === null) return [ok('There is no database yet: `serve` makes it.')]
  const { engine, version, damages, latency } = inspection
  const found: Finding[] = [ok(`${engine} ${version} answers in ${latency.toFixed(1)} ms.`)]
  if (damages.length > 0) {
    found.push(
      problem(
        `The database is damaged: ${damages.slice(0, 3).join('; ')}.`,
        'Stop the server, keep a copy of the files, and restore a backup.',
      ),
    )
  }
  if (latency > slow[engine]) {
    found.push(
      warning(
        `A small read takes ${latency.toFixed(0)} ms.`,
        engine === 'SQLite'
          ? 'Put DATA_DIR on a disk of this machine, not on a network.'
          : 'Put this server near the database: in the same network, and in the same region.',
      ),
    )
  }
  return [
    ...found,
    ...poolerFindings(inspection.pooler),
    ...(inspection.olderPrimaries ?? []).map(olderPrimaryProblem),
    ...connectionFindings(inspection, config),
  ]
}

function olderPrimaryProblem(host: string): Finding {
  return problem(
    `${host} takes writes, though another server was promoted.`,
    'Stop it, and let it come back as a standby. Portcullis does not use it; other programs may.',
  )
}

function poolerFindings(pooler: DatabaseInspection['pooler']): readonly Finding[] {
  if (pooler === null) return []
  const found: Finding[] = [
    ok(
      'A pooler is in between: every guarded request reads the database, and a log-out takes 0.3 seconds.',
    ),
  ]
  if (!pooler.limitsStatements) {
    found.push(
      warning(
        'Behind the pooler PostgreSQL does not end statements that nobody waits for any more.',
        "On PostgreSQL, run ALTER ROLE … SET statement_timeout = '1500ms' for the role of the URL; then say RECONNECT to the pooler.",
      ),
    )
  }
  return found
}

function connectionFindings(
  { maxConnections: most, olderPrimaries }: DatabaseInspection,
  { databasePoolSize, workers }: Subject['config'],
): readonly Finding[] {
  if (most === null) return []
  // More in each process: one listens for changes, two read for guarded requests, one asks after those given up, and
  // one asks of several hosts which is the primary.
  const more = olderPrimaries === null ? 4 : 5
  const ours = workers * (databasePoolSize + more)
  const sum = `${workers} × (DATABASE_POOL_SIZE ${databasePoolSize} + ${more}) = ${ours} connections`
  const advice = 'Lower DATABASE_POOL_SIZE or WORKERS, or raise max_connections of PostgreSQL.'
  if (ours >= most) {
    return [problem(`This server may open ${sum}; PostgreSQL has ${most} in all.`, advice)]
  }
  if (ours * 2 > most) {
    const finding = `This server may open ${sum}, more than half of PostgreSQL's ${most}.`
    return [warning(finding, `If it runs more than once: ${advice}`)]
  }
  return [ok(`This server may open ${sum}, of PostgreSQL's ${most}.`)]
}

/** The tables are those of this version. */
export function checkMigrations({ inspection }: Subject): readonly Finding[] {
  if (inspection === null) return []
  const { done, pending, unknown, obstacle } = inspection.steps
  if (unknown.length > 0) {
    return [
      migrations.problem(
        `A newer version of Portcullis has changed this database (${unknown.join(', ')}).`,
        'Install that version, or restore a backup from before the upgrade.',
      ),
    ]
  }
  if (obstacle !== null) {
    return [migrations.problem(obstacle, 'Nothing was changed, and `serve` does not start.')]
  }
  if (pending.length === 0) return [migrations.ok(`All ${done.length} steps are done.`)]
  const finding = `Missing steps: ${pending.join(', ')}.`
  if (done.length === 0) return [migrations.ok(`${finding} \`serve\` does it.`)]
  return [
    migrations.warning(
      finding,
      'Make a backup, then run `portcullis migrate`; `serve` does it too when it starts.',
    ),
  ]
}
