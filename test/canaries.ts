// Secrets that a test uses, looked for in whatever was said or kept.

import assert from 'node:assert/strict'

/** The forms in which a secret would show itself. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const unpadded = bytes.toString('base64').replace(/=+$/, '')
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    unpadded,
    bytes.toString('base64url'),
    bytes.toString('hex'),
    // As pino and JSON write a Buffer.
    bytes.join(','),
  ]
}

/** Fails if what was said holds a secret, in whatever form. */
export function assertAbsent(said: string, secrets: Readonly<Record<string, string>>): void {
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret.length >= 8, `${name} is too short to be told from chance`)
    for (const form of formsOf(secret)) {
      const at = said.indexOf(form)
      assert.equal(at, -1, `${name} is in: ${said.slice(Math.max(0, at - 200), at + 200)}`)
    }
  }
}
