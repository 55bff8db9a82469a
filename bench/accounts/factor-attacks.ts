// Ways around a second factor, tried ROUNDS times on each engine, at two processes that run the ready server.
// Prints how many attempts there were, with the statuses of their answers, and how many got in: 0, but for the
// one that each race must end with.
//
//   ROUNDS=20 node bench/accounts/factor-attacks.ts

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPair } from '../../test/server/factors/two-processes.ts'
import { startPostgresOrSkip } from '../../test/stores/postgres-server.ts'
import { apiKeyAttacks } from './attacks/api-keys.ts'
import { codeAttacks } from './attacks/codes.ts'
import { passkeyAttacks } from './attacks/passkeys.ts'
import { waysAround } from './attacks/ways-around.ts'
import { type Count, createAdministrator, createWorld } from './attacks/world.ts'

const rounds = Number(process.env.ROUNDS ?? 3)
const attacks = { ...codeAttacks, ...waysAround, ...passkeyAttacks, ...apiKeyAttacks }

function plus(found: Count, before?: Count): Count {
  if (before === undefined) return found
  const statuses: Record<number, number> = { ...before.statuses }
  for (const [status, times] of Object.entries(found.statuses)) {
    statuses[Number(status)] = (statuses[Number(status)] ?? 0) + times
  }
  const attempts = before.attempts + found.attempts
  return { attempts, accepted: before.accepted + found.accepted, statuses }
}

/** Runs all of them on a database, and returns how many attempts got in that may not. */
async function attack(database: string): Promise<number> {
  const pair = await startPair(database)
  const sums = new Map<string, Count>()
  try {
    const root = await createAdministrator(pair)
    for (let round = 0; round < rounds; round++) {
      const world = await createWorld(pair, root)
      for (const [name, run] of Object.entries(attacks)) {
        sums.set(name, plus(await run(world), sums.get(name)))
        // What has failed is waited for no more.
        pair.clock.advance(900)
      }
    }
  } finally {
    await pair.close()
  }
  let [attempts, accepted] = [0, 0]
  for (const [name, sum] of sums) {
    attempts += sum.attempts
    accepted += sum.accepted
    const [got, of] = [sum.accepted, sum.attempts].map((each) => String(each).padStart(5))
    const told = Object.entries(sum.statuses).map(([status, times]) => `${status} × ${times}`)
    console.log(`${got} of ${of} accepted: ${name} (${told.join(', ')})`)
  }
  console.log(`${accepted} of ${attempts} accepted in all`)
  return accepted
}

const directory = mkdtempSync(join(tmpdir(), 'portcullis-attacks-'))
const { server, skip } = await startPostgresOrSkip()
let accepted = 0
try {
  console.log('SQLite, two processes')
  accepted += await attack(join(directory, 'attacks.db'))
  console.log('PostgreSQL, two processes')
  if (server) accepted += await attack(await server.createDatabase('attacks'))
  else console.log(`skipped: ${skip}`)
} finally {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
}
process.exitCode = accepted === 0 ? 0 : 1
