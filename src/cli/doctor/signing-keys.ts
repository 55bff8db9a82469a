import { existsSync } from 'node:fs'
import { ConfigError } from '../../core/errors.ts'
import type { SigningKeyRecord } from '../../core/keys/key-store.ts'
import { activeOf, inOrder, isAlive, stateOf } from '../../core/keys/lifecycle.ts'
import { openKey } from '../../core/keys/managed-keys.ts'
import { keyFile } from '../../server/inspect-database.ts'
import type { Config } from '../../server/settings/settings.ts'
import { openBits } from '../../stores/file-mode.ts'
import { readKeyFile, readKeysBeside } from '../../stores/key-file.ts'
import { StoreError } from '../../stores/store-error.ts'
import { type Finding, findingsOf, inWords, type Subject } from './finding.ts'

const { ok, warning } = findingsOf('signing-keys')
const encryption = findingsOf('key-encryption-key')

/** The keys are strong, not too old, and replaced by themselves. */
export function checkSigningKeys({ config, inspection, now }: Subject): readonly Finding[] {
  if (config.secretKey !== undefined) return secretFindings(config)
  if (inspection?.contents == null) return []
  const line = inOrder(inspection.contents.keys)
  const active = activeOf(line, now)
  if (active === undefined) return [ok('There is no signing key yet: `serve` makes the first.')]
  const age = now - active.signsFrom
  const others = line.filter((key) => key !== active && isAlive(key, now)).length
  const next = line.find((key) => stateOf(key, line, now) === 'next')
  const found = [
    ok(
      `${active.algorithm} key ${active.id.slice(0, 8)}… signs since ${inWords(Math.max(age, 0))}; ${nextRotation(config, active, next, now)}; ${others} more verify.`,
    ),
  ]
  if ((next ?? active).algorithm !== config.signingAlgorithm) {
    found.push(
      ok(
        `SIGNING_ALGORITHM is ${config.signingAlgorithm}, and counts from the next rotation on.`,
        'Run `portcullis key rotate` to have it sooner; nobody is logged out.',
      ),
    )
  }
  return [...found, ...ageFindings(config, age, next !== undefined)]
}

function secretFindings(config: Config): readonly Finding[] {
  const { secretKey = '', previousSecretKeys, audience, issuer } = config
  const bytes = new TextEncoder().encode(secretKey).length
  const found = [ok(`SECRET_KEY has ${bytes} bytes and looks random; it is not rotated by itself.`)]
  if (URL.canParse(audience) && new URL(audience).origin !== new URL(issuer).origin) {
    found.push(
      warning(
        `AUDIENCE is ${audience}, another server: to verify tokens there it needs SECRET_KEY, with which it can make them.`,
        'Leave SECRET_KEY out, for keys with a public half; if that server asks /auth/introspect, there is nothing to do.',
      ),
    )
  }
  if (previousSecretKeys.length > 0) {
    found.push(
      warning(
        `${previousSecretKeys.length} in SECRET_KEY_PREVIOUS: who holds one can still sign tokens.`,
        'Remove it when the older sessions have been refreshed, or at once if it was stolen.',
      ),
    )
  }
  return found
}

function nextRotation(
  { keyRotationInterval: interval }: Config,
  { signsFrom }: SigningKeyRecord,
  next: SigningKeyRecord | undefined,
  now: number,
): string {
  if (next) return `the next takes its place in ${inWords(next.signsFrom - now)}`
  if (interval === 0) return 'it is never replaced'
  const left = signsFrom + interval - now
  return left > 0 ? `the next takes its place in ${inWords(left)}` : 'the next is due'
}

/** Seconds that a replacement may be late: no server may have been running. */
const lateness = 86400
const year = 365 * 86400

function ageFindings(
  { keyRotationInterval: interval }: Config,
  age: number,
  hasNext: boolean,
): readonly Finding[] {
  if (interval === 0) {
    return [
      warning(
        'KEY_ROTATION_INTERVAL is 0: a key that was stolen without notice signs for ever.',
        `Set KEY_ROTATION_INTERVAL, or leave it out for 90 days${age > year && !hasNext ? '; run `portcullis key rotate` now' : ''}.`,
      ),
    ]
  }
  if (hasNext || age <= interval + lateness) return []
  return [
    warning(
      `The key that signs is ${inWords(age)} old and should have been replaced after ${inWords(interval)}.`,
      'Start the server, which replaces it, or run `portcullis key rotate`.',
    ),
  ]
}

/** The key-encryption key exists, no other user can read it, and it opens the private keys. */
export async function checkKeyEncryptionKey({
  config,
  inspection,
}: Subject): Promise<readonly Finding[]> {
  if (config.secretKey !== undefined) return []
  const keys = inspection?.contents?.keys ?? []
  const path = keyFile(config)
  const place = config.keyEncryptionKey ? 'KEY_ENCRYPTION_KEY' : path
  if (!config.keyEncryptionKey && !existsSync(path)) {
    if (keys.length === 0) return [encryption.ok(`${path} does not exist yet: \`serve\` makes it.`)]
    return [
      encryption.problem(
        `${path} is missing, and the signing keys in the database are sealed under it.`,
        'Put the file back from a backup, or set KEY_ENCRYPTION_KEY to what it held.',
      ),
    ]
  }
  if (!config.keyEncryptionKey && openBits(path) !== 0) {
    return [
      encryption.problem(
        `${path} can be read by other users.`,
        `Run chmod 600 ${path}, as \`serve\` does where it may, and rotate the keys if somebody may have read it.`,
      ),
    ]
  }
  try {
    const openers = config.keyEncryptionKey
      ? [config.keyEncryptionKey]
      : [readKeyFile(path), ...readKeysBeside(path, { asIs: true })]
    openers.push(...config.previousKeyEncryptionKeys)
    for (const record of keys) await openKey(record, openers)
    const opens = keys.length === 0 ? 'holds a key' : 'opens every signing key'
    return [encryption.ok(`${place} ${opens}.`)]
  } catch (error) {
    if (error instanceof ConfigError || error instanceof StoreError) {
      const [said = '', advice = ''] = error.message.split(/: (.*)/s)
      return [encryption.problem(`${said}.`, `${advice.charAt(0).toUpperCase()}${advice.slice(1)}`)]
    }
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return [
      encryption.problem(`${path} cannot be read (${code}).`, 'Make it readable for this user.'),
    ]
  }
}
