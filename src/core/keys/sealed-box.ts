import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

// What is secret and must be stored is sealed with AES-256-GCM under a key that is kept elsewhere.
// Format: "v1." base64url(12-byte nonce, ciphertext, 16-byte tag).

/**
 * Seals a text. `context` says what it is for; the box opens only with the same context, so that a
 * sealed value cannot be moved to another row.
 */
export function seal(text: string, key: Uint8Array, context: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return `v1.${Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]).toString('base64url')}`
}

/** Opens a sealed text with the one of the keys that fits, or returns null. The first of them is that of today. */
export function unsealWithAny(
  sealed: string,
  keys: readonly Uint8Array[],
  context: string,
): { readonly text: string; readonly isToday: boolean } | null {
  for (const [index, key] of keys.entries()) {
    const text = unseal(sealed, key, context)
    if (text !== null) return { text, isToday: index === 0 }
  }
  return null
}

/** Opens a sealed text, or returns null if the key or the context is another, or it was altered. */
export function unseal(sealed: string, key: Uint8Array, context: string): string | null {
  const bytes = Buffer.from(sealed.replace(/^v1\./, ''), 'base64url')
  if (!sealed.startsWith('v1.') || bytes.length < 28) return null
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16))
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()
  } catch {
    return null
  }
}
