// A change in one transaction, which starts again when another transaction was in its way.

import { setTimeout } from 'node:timers/promises'
import { UnavailableError } from 'portcullis/stores'
import type { Prisma, PrismaClient } from './generated/client.ts'

export type Transaction = Prisma.TransactionClient

/** How often a change is tried. */
const tries = 5

/**
 * Runs a change as if no other ran at the same time. It may run several times: it must do nothing but
 * read and write by `tx`.
 * @throws {UnavailableError} If others were in the way each time, or no connection was free.
 */
export async function inTransaction<T>(
  prisma: PrismaClient,
  change: (tx: Transaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prisma.$transaction(change, { isolationLevel: 'Serializable' })
    } catch (error) {
      const again = isConflict(error)
      if (!again && codeOf(error) !== transactionUnavailable) throw error
      if (!again || attempt === tries) {
        throw new UnavailableError('The database is busy', 2, { cause: error })
      }
      // Not all at once again.
      await setTimeout(Math.random() * 20 * attempt)
    }
  }
}

/** No connection was free in time, or the transaction took too long. */
const transactionUnavailable = 'P2028'

/**
 * A conflict that a statement finds has a code of Prisma. One that the commit finds has none: it comes as
 * the adapter made it.
 */
function isConflict(error: unknown): boolean {
  return codeOf(error) === 'P2034' || kindOf(error) === 'TransactionWriteConflict'
}

/** True if a unique index refused the row. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === 'P2002'
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function kindOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return typeof cause === 'object' && cause !== null && 'kind' in cause ? cause.kind : undefined
}
