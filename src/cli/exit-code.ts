import { CommanderError } from 'commander'
import { ClientError, ConfigError, KeyError, UnavailableError, UserError } from '../core/errors.ts'
import { withoutSecrets } from '../server/logging/serializers.ts'
import { StoreError } from '../stores/store-error.ts'

// The exit codes are those of sysexits.h where one fits.
const REFUSED = 1
const USAGE = 64
const DATA = 65
const NOINPUT = 66
const UNAVAILABLE = 69
const SOFTWARE = 70
const IO = 74
const CONFIG = 78
const INTERRUPTED = 130

/** Why a command did not do everything that it was asked to do, with the exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number

  constructor(
    reason: 'refused' | 'usage' | 'data' | 'input' | 'output' | 'interrupted',
    message: string,
  ) {
    super(message)
    const codes = {
      refused: REFUSED,
      usage: USAGE,
      data: DATA,
      input: NOINPUT,
      output: IO,
      interrupted: INTERRUPTED,
    }
    this.exitCode = codes[reason]
  }
}

/** A worker that could not start: the exit code and the words it would have ended with alone. */
export class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure'
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The exit code of a command that failed. */
export function exitCodeOf(error: unknown): number {
  if (isInterrupt(error)) return INTERRUPTED
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
  if (error instanceof ConfigError || missingPackage(error) !== undefined) return CONFIG
  if (error instanceof StoreError) return IO
  if (error instanceof UserError || error instanceof ClientError || error instanceof KeyError)
    return REFUSED
  if (error instanceof WorkerFailure || error instanceof CommandFailure) return error.exitCode
  if (error instanceof UnavailableError || isListenError(error)) return UNAVAILABLE
  return SOFTWARE
}

/** True if a retry fails too, until an operator corrects the configuration or the database. */
export function isLasting(exitCode: number): boolean {
  return exitCode === CONFIG || exitCode === IO
}

/** What a failed command says: a line for each thing that is wrong. */
export function describeFailure(error: unknown): string {
  if (error instanceof ConfigError) {
    return ['The configuration is not usable:', ...error.problems.map((line) => `  ${line}`)].join(
      '\n',
    )
  }
  if (error instanceof UserError || error instanceof ClientError) {
    return error.problems.join('\n')
  }
  if (isInterrupt(error)) return 'Nothing was changed.'
  if (
    error instanceof KeyError ||
    error instanceof StoreError ||
    error instanceof UnavailableError ||
    error instanceof WorkerFailure ||
    error instanceof CommandFailure
  ) {
    return error.message
  }
  if (isListenError(error)) {
    const { address, port, settings = '', hostname = `${settings}HOST` } = error
    // A name that was not found has no port yet.
    const place = address === undefined ? hostname : `${address} port ${port}`
    const reason =
      error.code === 'EADDRINUSE'
        ? `the port is in use: stop the other process, or set ${settings}PORT`
        : error.code === 'EACCES'
          ? `not allowed: set ${settings}PORT to 1024 or more`
          : `not an address of this machine: set ${settings}HOST`
    return `Cannot listen on ${place}: ${reason}.`
  }
  const missing = missingPackage(error)
  if (missing !== undefined) return `The package ${missing} is missing: run npm install ${missing}.`
  return withoutSecrets(error instanceof Error ? (error.stack ?? error.message) : String(error))
}

/** Ctrl-C at a prompt. */
function isInterrupt(error: unknown): boolean {
  return error instanceof Error && error.name === 'ExitPromptError'
}

/** The package that is not there: Fastify, where something else than npm has installed us. */
function missingPackage(error: unknown): string | undefined {
  if ((error as NodeJS.ErrnoException | null)?.code !== 'ERR_MODULE_NOT_FOUND') return undefined
  return /^Cannot find package '([^']+)'/.exec((error as Error).message)?.[1]
}

interface ListenError extends Error {
  readonly code: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
  /** What the names of the settings begin with that say where to listen. */
  readonly settings?: string
}

function isListenError(error: unknown): error is ListenError {
  return (
    error instanceof Error &&
    ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(
      (error as NodeJS.ErrnoException).code ?? '',
    )
  )
}
