import { createHash, randomBytes } from 'node:crypto'
import { encodeBase32 } from './totp.ts'

/** How many a user has at most. */
const recoveryCodeCount = 8
/** 120 bits: nobody finds those by guessing, so a plain hash will do. */
const codeBytes = 15

/** New recovery codes, to be shown once, and what is stored of them. */
export function makeRecoveryCodes(userId: string): {
  readonly codes: readonly string[]
  readonly digests: readonly string[]
} {
  const codes = Array.from({ length: recoveryCodeCount }, () =>
    inGroups(encodeBase32(randomBytes(codeBytes))),
  )
  return { codes, digests: codes.map((code) => recoveryDigestOf(userId, code) as string) }
}

/** 24 characters, in groups of four that can be read out. */
function inGroups(text: string): string {
  return text.replace(/.{4}(?=.)/g, '$&-').toLowerCase()
}

/**
 * The digest under which a code of a user is stored; null for a text that can be no code. Capitals, spaces and
 * hyphens make no difference.
 */
export function recoveryDigestOf(userId: string, typed: unknown): string | null {
  const code = typeof typed === 'string' ? typed.replace(/[\s-]/g, '').toUpperCase() : ''
  if (!/^[A-Z2-7]{24}$/.test(code)) return null
  return createHash('sha256').update(`recovery code ${userId} ${code}`).digest('base64url')
}
