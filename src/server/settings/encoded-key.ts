/** Bytes of a key that managed keys are encrypted under. */
const keyLength = 32

/** The 32 bytes that a text says in hex, base64 or base64url; undefined if it says none. */
export function decodeKey(text: string): Uint8Array | undefined {
  const isHex = /^[0-9a-f]{64}$/i.test(text)
  const isBase64 = /^[\w+/-]{43}=?$/.test(text)
  if (!isHex && !isBase64) return undefined
  const key = Buffer.from(text, isHex ? 'hex' : 'base64')
  return key.length === keyLength ? key : undefined
}
