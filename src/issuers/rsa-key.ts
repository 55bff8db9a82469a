/** Bits of a modulus, the least that RFC 7518 §3.3 allows. */
const modulusMinBits = 2048
const exponentMin = 65537n

/**
 * True for the modulus and exponent (RFC 7518 §6.3.1) of a key that may be trusted: long enough, with an
 * exponent under which a signature says something, and not made by the library of ROCA (CVE-2017-15361),
 * whose keys can be factored.
 */
export function isSoundRsaKey(n: string, e: string): boolean {
  const [modulus, exponent] = [numberOf(n), numberOf(e)]
  return (
    modulus >= 1n << BigInt(modulusMinBits - 1) &&
    exponent >= exponentMin &&
    exponent % 2n === 1n &&
    !isFromRocaLibrary(modulus)
  )
}

function numberOf(base64url: string): bigint {
  return BigInt(`0x0${Buffer.from(base64url, 'base64url').toString('hex')}`)
}

// Such a modulus is a power of 65537 modulo every small prime; of others, one in 10^8 is by chance.
const telling = [
  11n,
  13n,
  17n,
  19n,
  37n,
  53n,
  61n,
  71n,
  73n,
  79n,
  97n,
  103n,
  107n,
  127n,
  151n,
  157n,
]

function isFromRocaLibrary(modulus: bigint): boolean {
  return telling.every((prime) => {
    const rest = modulus % prime
    let power = 1n
    do {
      if (power === rest) return true
      power = (power * 65537n) % prime
    } while (power !== 1n)
    return false
  })
}
