// An authenticator of a test, made by hand: what a browser would send of it, and each part of that altered.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export type Cbor = number | string | Uint8Array | Map<number | string, Cbor> | readonly Cbor[]

/** RFC 8949, as far as it is needed here. */
export function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') {
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (value instanceof Map) {
    const entries = [...value].flatMap(([key, each]) => [encodeCbor(key), encodeCbor(each)])
    return Buffer.concat([head(5, value.size), ...entries])
  }
  return Buffer.concat([head(4, value.length), ...value.map(encodeCbor)])
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length])
  if (length < 256) return Buffer.from([(major << 5) | 24, length])
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255])
}

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

interface Keys {
  readonly cose: Map<number | string, Cbor>
  sign(data: Uint8Array): Buffer
}

const bytes = (text = ''): Buffer => Buffer.from(text, 'base64url')

function makeKeys(algorithm: Algorithm): Keys {
  const signed = (key: KeyObject, hash: string | null) => (data: Uint8Array) =>
    sign(hash, data, key)
  if (algorithm === 'RS256') {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { n, e } = publicKey.export({ format: 'jwk' })
    const cose = new Map<number, Cbor>([
      [1, 3],
      [3, -257],
      [-1, bytes(n)],
      [-2, bytes(e)],
    ])
    return { cose, sign: signed(privateKey, 'sha256') }
  }
  if (algorithm === 'EdDSA') {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const { x } = publicKey.export({ format: 'jwk' })
    const cose = new Map<number, Cbor>([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, bytes(x)],
    ])
    return { cose, sign: signed(privateKey, null) }
  }
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const cose = new Map<number, Cbor>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ])
  return { cose, sign: signed(privateKey, 'sha256') }
}

/** What is said otherwise than an honest browser and an honest authenticator would. */
export interface Altered {
  readonly origin?: string
  readonly type?: string
  readonly challenge?: string
  /** More members of the client data. */
  readonly clientData?: object
  readonly rpId?: string
  readonly present?: boolean
  readonly verified?: boolean
  readonly eligible?: boolean
  readonly backedUp?: boolean
  readonly counter?: number
  readonly userHandle?: string | null
  readonly id?: string
  /** The statement about its make. */
  readonly format?: string
  readonly statement?: Map<string, Cbor>
  /** The public key of a new passkey, in COSE. */
  readonly cose?: Map<number | string, Cbor>
  /** Changes a bit of the signature, or of the key. */
  readonly flipped?: boolean
}

export interface AuthenticatorOptions {
  readonly algorithm?: Algorithm
  /** Default `https://auth.example.test`. */
  readonly origin?: string
  /** Whether it verifies its user, by a finger or a number. Default true. */
  readonly verifies?: boolean
  /** Whether its passkeys may be kept on several devices. Default false. */
  readonly synced?: boolean
  /** Whether it counts its signatures. Default true. */
  readonly counts?: boolean
}

/** What a browser sends. */
export interface Credential {
  readonly id: string
  readonly rawId: string
  readonly type: string
  readonly response: Readonly<Record<string, unknown>>
  readonly clientExtensionResults: object
}

export interface Authenticator {
  readonly id: string
  /** As `navigator.credentials.create()` answers. */
  create(publicKey: PublicKey, altered?: Altered): Credential
  /** As `navigator.credentials.get()` answers. */
  get(publicKey: PublicKey, altered?: Altered): Credential
}

export interface PublicKey {
  readonly challenge: string
  readonly rpId?: string
  readonly rp?: { readonly id: string }
  readonly user?: { readonly id: string }
  readonly attestation?: string
  readonly excludeCredentials?: readonly { readonly id: string }[]
}

export function makeAuthenticator(options: AuthenticatorOptions = {}): Authenticator {
  const { algorithm = 'ES256', origin = 'https://auth.example.test' } = options
  const { verifies = true, synced = false, counts = true } = options
  const keys = makeKeys(algorithm)
  const id = randomBytes(32).toString('base64url')
  let counter = 0
  let handle: string | undefined

  function clientData(type: string, { challenge }: PublicKey, altered: Altered): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: altered.type ?? type,
        challenge: altered.challenge ?? challenge,
        origin: altered.origin ?? origin,
        crossOrigin: false,
        ...altered.clientData,
      }),
    )
  }

  function authData(publicKey: PublicKey, altered: Altered, attested?: Buffer): Buffer {
    if (counts) counter++
    const rpId = altered.rpId ?? publicKey.rpId ?? publicKey.rp?.id ?? ''
    const flags = [
      ...[altered.present ?? true, false, altered.verified ?? verifies],
      ...[altered.eligible ?? synced, altered.backedUp ?? synced, false, attested !== undefined],
    ]
    const bits = flags.reduce((sum, each, bit) => sum | (each ? 1 << bit : 0), 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(altered.counter ?? counter)
    const hash = createHash('sha256').update(rpId).digest()
    return Buffer.concat([hash, Buffer.from([bits]), count, attested ?? Buffer.alloc(0)])
  }

  const credential = (altered: Altered, response: object): Credential => ({
    ...{ id: altered.id ?? id, rawId: altered.id ?? id, type: 'public-key' },
    ...{ response: { ...response }, clientExtensionResults: {} },
  })

  return {
    id,
    create(publicKey, altered = {}) {
      handle = publicKey.user?.id
      const length = Buffer.from([0, 32])
      const key = encodeCbor(altered.cose ?? keys.cose)
      const attested = Buffer.concat([Buffer.alloc(16), length, bytes(id), key])
      const data = authData(publicKey, altered, attested)
      const attestation = encodeCbor(
        new Map<string, Cbor>([
          ['fmt', altered.format ?? 'none'],
          ['attStmt', altered.statement ?? new Map()],
          ['authData', data],
        ]),
      )
      return credential(altered, {
        clientDataJSON: clientData('webauthn.create', publicKey, altered).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      })
    },
    get(publicKey, altered = {}) {
      const client = clientData('webauthn.get', publicKey, altered)
      const data = authData(publicKey, altered)
      const signature = keys.sign(
        Buffer.concat([data, createHash('sha256').update(client).digest()]),
      )
      if (altered.flipped) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1
      const userHandle = altered.userHandle === undefined ? handle : altered.userHandle
      return credential(altered, {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
        ...(userHandle != null && { userHandle }),
      })
    },
  }
}
