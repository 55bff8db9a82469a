import { UnavailableError } from '../../core/errors.ts'
import { StoreError } from '../store-error.ts'
import { TimeLimitError } from '../time-limit.ts'
import { ConnectError } from './connect-error.ts'
import { isOfStatementPooling } from './pooler-error.ts'

// Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that the same
// statement may not meet again: lost connections, lack of resources, shut-down, timeouts, deadlocks,
// a standby that cannot be written; and a prepared statement that is there, or is not, unlike on the server that
// a pooler has put another one in the place of.
const notNow = /^(08...|53...|57...|55P03|25006|40001|40P01|42P05|26000)$/
/** Codes after which the connection is useless: it ends, or its server is no longer the right one. */
const lastWords = /^(08...|57P..|25006|42P05|26000)$/
const isSqlState = /^(?=.*\d)[0-9A-Z]{5}$/
const networkErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** The error for a database that cannot be used now. A retry or an operator can fix it. */
export function unavailable(cause: unknown): UnavailableError {
  return cause instanceof UnavailableError
    ? cause
    : new UnavailableError('The database cannot be used now', 2, { cause })
}

/** The same for an error of a statement; one that would come again is returned as it is. */
export function unavailableIfNotNow(error: unknown): unknown {
  return isNotNow(error) ? unavailable(error) : error
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505'
}

/** Explains why a database cannot be opened; any other error is returned as it is. */
export function explainOpening(error: unknown): unknown {
  const cause = error instanceof UnavailableError ? error.cause : error
  if (cause instanceof ConnectError) {
    const message = `The database cannot be used: ${cause.message}.`
    return cause.permanent === undefined
      ? new UnavailableError(message, 2, { cause })
      : new StoreError(cause.permanent, message, { cause })
  }
  if (isOfStatementPooling(cause)) {
    return new UnavailableError(
      'The database cannot be used by way of this pooler, which allows no transactions: set pool_mode to transaction or session there, or name the database itself in the URL.',
      2,
      { cause },
    )
  }
  switch (codeOf(cause)) {
    case '25006':
      return new UnavailableError(
        'The database cannot be written now: its server is a standby, or default_transaction_read_only is on.',
        2,
        { cause },
      )
    case '42501':
    case '3F000':
      return new StoreError(
        'access_denied',
        'The user of the database may not make tables in it: grant it usage and create on the schema, or make it the owner of the database.',
        { cause },
      )
    default:
      return error
  }
}

/** True if the connection that a statement failed on can be used again. */
export function answersStill(error: unknown): boolean {
  const code = codeOf(error)
  return isSqlState.test(code) && !lastWords.test(code)
}

function isNotNow(error: unknown): boolean {
  if (error instanceof TimeLimitError) return true
  const code = codeOf(error)
  if (code !== '') return notNow.test(code) || networkErrors.has(code)
  // The driver's own errors have no code.
  return error instanceof Error && /^(Connection terminated|Client (was|has))/.test(error.message)
}

function codeOf(error: unknown): string {
  // A host name with several addresses that all refuse yields one error for all of them.
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
