import type { Clock } from '../clock.ts'
import { createRotatingMac } from '../keys/keyed-digest.ts'
import type { SealedProofs } from './authorization.ts'

/** `<JSON in base64url>.<MAC>`, in characters. */
const maxLength = 2048
const grammar = /^([\w-]+)\.([\w-]{43})$/

/**
 * Writes proofs under a MAC with a key for this purpose alone. They can be read by the browser that
 * carries them, and are stored nowhere. Also opens those that were sealed with the previous secrets.
 *
 * @param secret At least 32 bytes, as each of the previous ones.
 */
export function createSealedProofs(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
  clock: Clock,
): SealedProofs {
  const mac = createRotatingMac(secret, previousSecrets, 'portcullis sealed proof')

  return {
    seal(purpose, says, lifetime) {
      const content = { says, expiresAt: clock() + lifetime }
      const body = Buffer.from(JSON.stringify(content)).toString('base64url')
      return `${body}.${mac.of(textOf(purpose, body))}`
    },
    open(purpose, text) {
      const [, body, presented] = (text.length <= maxLength && grammar.exec(text)) || []
      if (body === undefined || presented === undefined) return null
      if (!mac.isOf(textOf(purpose, body), presented)) return null
      const { says, expiresAt } = JSON.parse(Buffer.from(body, 'base64url').toString())
      return clock() < expiresAt ? says : null
    },
  }
}

/** What the MAC is of: the purpose too, so that a proof of one step is none of another. */
function textOf(purpose: string, body: string): string {
  return JSON.stringify([purpose, body])
}
