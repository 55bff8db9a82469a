import type { Clock } from '../clock.ts'
import { createRotatingBox } from '../keys/rotating-box.ts'
import type { SealedProofs } from './authorization.ts'

/** Characters of a proof. */
const maxLength = 2048

/**
 * Seals proofs with a key for this purpose alone. The browser that carries them cannot read them, nor can the log
 * of a proxy, and they are stored nowhere. Also opens those that were sealed with the previous secrets.
 *
 * @param secret At least 32 bytes, as each of the previous ones.
 */
export function createSealedProofs(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
  clock: Clock,
): SealedProofs {
  const box = createRotatingBox(secret, previousSecrets, 'portcullis sealed proof')

  return {
    seal: (purpose, says, lifetime) =>
      box.seal(JSON.stringify({ says, expiresAt: clock() + lifetime }), purpose),
    open(purpose, text) {
      // A proof of one step is none of another: it opens with its purpose alone.
      const opened = text.length <= maxLength ? box.open(text, purpose) : null
      if (opened === null) return null
      const { says, expiresAt } = JSON.parse(opened.text)
      return clock() < expiresAt ? says : null
    },
  }
}
