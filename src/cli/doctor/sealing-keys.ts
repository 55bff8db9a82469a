import { existsSync } from 'node:fs'
import { distinctKeys } from '../../core/keys/load-keys.ts'
import { keyFile } from '../../server/inspect-database.ts'
import type { Config } from '../../server/settings/settings.ts'
import { readKeyFile, readKeysBeside } from '../../stores/key-file.ts'
import type { SealingKeys } from '../../stores/sql/sealed-signs.ts'

/** The keys that `serve` would open and seal with; null while there is none, or it cannot be read. */
export function sealingKeysOf(config: Config): SealingKeys | null {
  const secrets = config.previousSecretKeys.map((text) => new TextEncoder().encode(text))
  const { secretKey, keyEncryptionKey, previousKeyEncryptionKeys: previous } = config
  if (secretKey !== undefined) {
    const secret = new TextEncoder().encode(secretKey)
    return { secret, previousSecrets: [...secrets, ...previous] }
  }
  if (keyEncryptionKey !== undefined) {
    return { secret: keyEncryptionKey, previousSecrets: [...previous, ...secrets] }
  }
  const path = keyFile(config)
  if (!existsSync(path)) return null
  try {
    const secret = readKeyFile(path)
    const others = distinctKeys([...previous, ...readKeysBeside(path, { asIs: true })], secret)
    return { secret, previousSecrets: [...others, ...secrets] }
  } catch {
    // The check of the file says why.
    return null
  }
}
