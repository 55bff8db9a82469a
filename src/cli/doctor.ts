import { Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../core/clock.ts'
import { ConfigError, UnavailableError } from '../core/errors.ts'
import { emailRule, readEmail } from '../core/users/email.ts'
import { inspectDatabase } from '../server/inspect-database.ts'
import { readEnvironment } from '../server/settings/environment.ts'
import type { Config } from '../server/settings/settings.ts'
import { StoreError } from '../stores/store-error.ts'
import { checkAdministrators } from './doctor/administrators.ts'
import { checkBreachedPasswords } from './doctor/breached-passwords.ts'
import { checkBrowserLogin } from './doctor/browser-login.ts'
import { checkClients } from './doctor/clients.ts'
import { checkClock } from './doctor/clock.ts'
import { checkConfiguration, mistakes } from './doctor/configuration.ts'
import { checkCors } from './doctor/cors.ts'
import { checkDatabase, checkMigrations } from './doctor/database.ts'
import { checkDataDirectory, checkDisk, checkSecretFiles } from './doctor/files.ts'
import type { Check, Finding, Subject } from './doctor/finding.ts'
import { checkIssuers } from './doctor/issuers.ts'
import { checkLogLevel, checkThreads, checkWorkers } from './doctor/machine.ts'
import { checkMail } from './doctor/mail.ts'
import { checkIssuerUrl, checkProxies } from './doctor/network.ts'
import { checkNode } from './doctor/node.ts'
import { checkPasskeys } from './doctor/passkeys.ts'
import { checkPasswordHash } from './doctor/password-hash.ts'
import { checkPeppers } from './doctor/peppers.ts'
import { checkPreviousKeys } from './doctor/previous-keys.ts'
import { reportOf, worstOf } from './doctor/report.ts'
import { checkSamplePasswords } from './doctor/sample-passwords.ts'
import { sealingKeysOf } from './doctor/sealing-keys.ts'
import { checkSecondFactors } from './doctor/second-factors.ts'
import { checkSecrets } from './doctor/secrets.ts'
import { checkKeyEncryptionKey, checkSigningKeys } from './doctor/signing-keys.ts'

/** In the order in which they are told. */
const checks: readonly Check[] = [
  checkSecrets,
  checkDataDirectory,
  checkDisk,
  checkDatabase,
  checkMigrations,
  checkKeyEncryptionKey,
  checkSigningKeys,
  checkPreviousKeys,
  checkSecondFactors,
  checkPeppers,
  checkAdministrators,
  checkSamplePasswords,
  checkBreachedPasswords,
  checkClients,
  checkClock,
  checkIssuerUrl,
  checkProxies,
  checkCors,
  checkBrowserLogin,
  checkPasskeys,
  checkIssuers,
  checkMail,
  checkNode,
  checkThreads,
  checkWorkers,
  checkLogLevel,
  // Last: it keeps every core busy, which would make the others seem slow.
  checkPasswordHash,
]

interface DoctorOptions {
  readonly json?: true
  readonly strict?: true
  readonly targetTime?: number
  readonly sendTo?: string
}

/** `portcullis doctor`: looks at everything that `serve` would use, and changes nothing. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check configuration, database, keys and machine; changes nothing')
    .option('--target-time <ms>', 'suggest password hash parameters for this time', milliseconds)
    .option('--send-to <address>', 'send a test mail there, too', mailAddress)
    .option('--strict', 'fail for a warning, too')
    .option('--json', 'for programs')
    .action(async ({ json, strict, ...asked }: DoctorOptions) => {
      const findings = await examine(asked)
      const status = worstOf(findings)
      console.log(json ? JSON.stringify({ status, findings }, undefined, 2) : reportOf(findings))
      if (status === 'problem' || (strict && status === 'warning')) process.exitCode = 1
    })
}

async function examine({
  targetTime,
  sendTo,
}: Pick<DoctorOptions, 'targetTime' | 'sendTo'>): Promise<readonly Finding[]> {
  let environment: ReturnType<typeof readEnvironment>
  try {
    environment = readEnvironment()
  } catch (error) {
    if (error instanceof ConfigError) return mistakes(error)
    throw error
  }
  const { config, findings } = checkConfiguration(environment)
  const files = checkSecretFiles(environment)
  // The rest is about what the configuration says.
  if (config === null) return [...findings, ...files]
  const looked = await lookAtDatabase(config)
  const subject = { ...{ config, targetTime, sendTo, now: systemClock() }, ...looked }
  const found = [...findings, ...files]
  for (const check of checks) found.push(...(await check(subject)))
  return found
}

async function lookAtDatabase(
  config: Config,
): Promise<Pick<Subject, 'inspection' | 'databaseFailure'>> {
  try {
    return {
      inspection: await inspectDatabase(config, sealingKeysOf(config)),
      databaseFailure: null,
    }
  } catch (error) {
    const isKnown = [StoreError, UnavailableError, ConfigError].some(
      (known) => error instanceof known,
    )
    // What else an engine says may hold a part of its URL.
    const reason = isKnown ? (error as Error).message : 'The database cannot be read.'
    return { inspection: null, databaseFailure: reason }
  }
}

function milliseconds(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (value >= 10 && value <= 10_000) return value
  throw new InvalidArgumentError('It must be a whole number of milliseconds from 10 to 10000.')
}

function mailAddress(text: string): string {
  const read = readEmail(text)
  if (read !== null) return read.email
  throw new InvalidArgumentError(emailRule)
}
