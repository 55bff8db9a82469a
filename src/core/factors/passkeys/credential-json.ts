// What a browser sends of a passkey, read before anything else looks at it (Web Authentication §5.1, the
// dictionaries RegistrationResponseJSON and AuthenticationResponseJSON).

/** A passkey that was made. */
export interface CreatedCredential {
  /** In base64url, as all bytes here. */
  readonly id: string
  readonly clientDataJSON: string
  readonly attestationObject: string
  /** How the browser reaches it. */
  readonly transports: readonly string[]
}

/** A passkey that has signed. */
export interface SignedCredential {
  readonly id: string
  readonly clientDataJSON: string
  readonly authenticatorData: string
  readonly signature: string
  /** Whose it is; null if the authenticator did not say. */
  readonly userHandle: string | null
}

/** Characters in base64url. A credential id has 1023 bytes at most, a user handle 64. */
const longest = { id: 1364, clientData: 8192, data: 4096, attestation: 12_288, handle: 86 }
const mostTransports = 8

/** Null for what is no credential that was made. */
export function readCreated(given: unknown): CreatedCredential | null {
  const read = readCredential(given)
  if (read === null) return null
  const { id, response } = read
  const { clientDataJSON, attestationObject, transports = [] } = response
  if (!isBytes(clientDataJSON, longest.clientData)) return null
  if (!isBytes(attestationObject, longest.attestation) || !Array.isArray(transports)) return null
  const known = transports.filter((each) => typeof each === 'string' && /^[a-z-]{1,20}$/.test(each))
  return {
    ...{ id, clientDataJSON, attestationObject },
    transports: [...new Set(known as string[])].slice(0, mostTransports),
  }
}

/** Null for what is no credential that has signed. */
export function readSigned(given: unknown): SignedCredential | null {
  const read = readCredential(given)
  if (read === null) return null
  const { id, response } = read
  const { clientDataJSON, authenticatorData, signature, userHandle = null } = response
  if (!isBytes(clientDataJSON, longest.clientData)) return null
  if (!isBytes(authenticatorData, longest.data) || !isBytes(signature, longest.data)) return null
  if (userHandle !== null && !isBytes(userHandle, longest.handle)) return null
  return { id, clientDataJSON, authenticatorData, signature, userHandle }
}

interface Read {
  readonly id: string
  readonly response: Readonly<Record<string, unknown>>
}

function readCredential(given: unknown): Read | null {
  if (!isObject(given)) return null
  const { id, rawId, type, response } = given
  if (type !== 'public-key' || !isBytes(id, longest.id) || rawId !== id) return null
  return isObject(response) ? { id, response } : null
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for bytes in base64url, the only text of them. */
function isBytes(value: unknown, most: number): value is string {
  if (typeof value !== 'string' || value === '' || value.length > most) return false
  return /^[\w-]+$/.test(value) && Buffer.from(value, 'base64url').toString('base64url') === value
}
