import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { passkeyScript } from '../../../pages/passkey-script.ts'
import type { Flow } from '../flow.ts'

/** The script of pages with passkeys. */
export interface PasskeyFile {
  readonly text: string
  /** Of the text: with it the address never shows another one. */
  readonly version: string
}

let file: PasskeyFile | undefined

/** The bundle of `@simplewebauthn/browser` with our own script behind it. Read once. */
export function passkeyFile(): PasskeyFile {
  file ??= readFile()
  return file
}

/** The path of the script, with its version. */
export function passkeyScriptPath({ paths }: Pick<Flow, 'paths'>): string {
  return `${paths.passkeyScript}?v=${passkeyFile().version}`
}

function readFile(): PasskeyFile {
  // The package names no path for its bundle: it is beside what it exports.
  const exported = import.meta.resolve('@simplewebauthn/browser')
  const bundle = readFileSync(new URL('../dist/bundle/index.umd.min.js', exported), 'utf8')
  const text = bundle + passkeyScript
  return { text, version: createHash('sha256').update(text).digest('base64url').slice(0, 16) }
}
