// The key that the private signing keys are sealed under. Keep it apart from the database.

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Reads the 32 bytes of a file, which is made at the first start. */
export function readKey(path: string): Uint8Array {
  if (!existsSync(path)) writeFileSync(path, randomBytes(32), { flag: 'wx', mode: 0o600 })
  return readFileSync(path)
}
