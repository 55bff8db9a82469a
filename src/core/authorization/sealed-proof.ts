import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { createMac } from '../keys/keyed-digest.ts'
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
  const macOf = macUnder(secret)
  const macs = [macOf, ...previousSecrets.map(macUnder)]

  return {
    seal(purpose, says, lifetime) {
      const content = { says, expiresAt: clock() + lifetime }
      const body = Buffer.from(JSON.stringify(content)).toString('base64url')
      return `${body}.${macOf(textOf(purpose, body))}`
    },
    open(purpose, text) {
      const [, body, presented] = (text.length <= maxLength && grammar.exec(text)) || []
      if (body === undefined || presented === undefined) return null
      const bytes = Buffer.from(presented)
      const isOurs = macs.some((mac) =>
        timingSafeEqual(bytes, Buffer.from(mac(textOf(purpose, body)))),
      )
      if (!isOurs) return null
      const { says, expiresAt } = JSON.parse(Buffer.from(body, 'base64url').toString())
      return clock() < expiresAt ? says : null
    },
  }
}

/** What the MAC is of: the purpose too, so that a proof of one step is none of another. */
function textOf(purpose: string, body: string): string {
  return JSON.stringify([purpose, body])
}

const macUnder = (secret: Uint8Array) => createMac(secret, 'portcullis sealed proof')
