import * as argon2 from '@node-rs/argon2'
import { type HashKind, type HashReader, HashRefusal } from './stored-hash.ts'

/** A stored hash carries its own cost. An attacker who writes one row must not stop the server. */
export const argon2Ceilings = { memory: 262144, time: 16, parallelism: 8, outputLength: 128 }

// By the numbers of the library's const enum, which type stripping cannot inline.
const kinds: readonly HashKind[] = ['argon2d', 'argon2i', 'argon2id']

/** PHC strings of argon2 (RFC 9106), and Django's, which are the same behind `argon2`. */
export const readArgon2: HashReader = (stored) => {
  const phc = stored.replace(/^argon2(?=\$argon2)/, '')
  if (!phc.startsWith('$argon2')) return null
  const { memoryCost, timeCost, parallelism, outputLen, algorithm } = parse(phc)
  const keyId = /,keyid=([^,$]*)/.exec(phc)?.[1]
  if (
    memoryCost > argon2Ceilings.memory ||
    timeCost > argon2Ceilings.time ||
    parallelism > argon2Ceilings.parallelism ||
    outputLen > argon2Ceilings.outputLength
  ) {
    throw new HashRefusal(
      `The argon2 hash costs too much: at most memory ${argon2Ceilings.memory} KiB, time ${argon2Ceilings.time}, parallelism ${argon2Ceilings.parallelism} and ${argon2Ceilings.outputLength} bytes are borne.`,
    )
  }
  return {
    kind: kinds[algorithm] ?? 'argon2id',
    cost: `m=${memoryCost},t=${timeCost},p=${parallelism}`,
    ...(keyId !== undefined && { keyId }),
    verify: (password, key) => argon2.verify(phc, password, key && { secret: key }),
  }
}

/**
 * Writes into a PHC string which key it was made with: the parameter `keyid` of argon2, which comes after
 * m, t and p. The library leaves it to its caller.
 */
export function withKeyId(phc: string, keyId: string): string {
  return phc.replace(/,p=\d+/, (parallelism) => `${parallelism},keyid=${keyId}`)
}

/**
 * The PHC string of an argon2id hash with this salt and this output. With random ones it is a hash of no
 * password that anybody knows, and verifying one against it is the work of any other.
 */
export function argon2Text(
  { memory, time, parallelism }: Argon2Cost,
  salt: Uint8Array,
  output: Uint8Array,
): string {
  const [encodedSalt, encodedOutput] = [salt, output].map((bytes) =>
    Buffer.from(bytes)
      .toString('base64')
      .replace(/={1,2}$/, ''),
  )
  return `$argon2id$v=19$m=${memory},t=${time},p=${parallelism}$${encodedSalt}$${encodedOutput}`
}

interface Argon2Cost {
  readonly memory: number
  readonly time: number
  readonly parallelism: number
}

function parse(phc: string): argon2.ParsedHashOptions {
  try {
    return argon2.parseOptions(phc)
  } catch {
    throw new HashRefusal('The argon2 hash is not a whole PHC string.')
  }
}
