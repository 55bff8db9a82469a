import { setImmediate } from 'node:timers/promises'
import { ConfigError } from '../errors.ts'
import { type BreachLookup, BreachLookupError, createTurns, sha1Of } from './breach-lookup.ts'

/** The list of Have I Been Pwned (API version 3, "Searching by range"). */
export const pwnedPasswordsUrl = 'https://api.pwnedpasswords.com/range/'

/** How much of a hash is sent: as many passwords begin with it as fill an answer. */
const prefixLength = 5
/** Bytes of an answer, after decompression. A padded one has less than a tenth of that. */
const answerMaxBytes = 512 * 1024

/**
 * Returns a look-up in a list that is asked over HTTP by the first five characters of a SHA-1. Nothing
 * else of the password leaves the process. The answer is padded, so its size does not tell them either.
 *
 * It has one connection at a time. No redirect is followed.
 *
 * @throws {ConfigError} if the URL is not https, or has no slash at its end.
 */
export function createRangeLookup(url: string): BreachLookup {
  const problem = urlProblem(url)
  if (problem !== null) throw new ConfigError([problem])
  const inTurn = createTurns()
  return async (password, signal) => {
    const hash = sha1Of(password)
    const answer = await inTurn(() => fetchRange(url, hash.slice(0, prefixLength), signal), signal)
    return holds(answer, hash.slice(prefixLength), url)
  }
}

/** What is wrong with the URL of a list, or null. Its value is not repeated: it may hold a password. */
function urlProblem(text: string): string | null {
  const rule =
    'The url of breached passwords must be https, end in a slash and have no user, query or fragment.'
  const url = URL.parse(text)
  if (url === null) return rule
  const isNear = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isNear)
  return isSafe && !/[@?#]/.test(text) && text.endsWith('/') ? null : rule
}

async function fetchRange(url: string, prefix: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url + prefix, {
    redirect: 'manual',
    signal,
    headers: { accept: 'text/plain', 'add-padding': 'true', 'user-agent': 'portcullis' },
  }).catch(() => {
    throw new BreachLookupError(`${url} could not be reached.`)
  })
  try {
    if (response.status !== 200) {
      throw new BreachLookupError(`${url} answered ${response.status}, not 200.`)
    }
    return await readText(response, url)
  } finally {
    // What was not read is not wanted, and would keep the connection.
    if (!response.bodyUsed) await response.body?.cancel()
    // Node.js has the connection for the next request from then on, and else would open another one.
    await setImmediate()
  }
}

async function readText(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    // Counted as it arrives: neither a length that lies nor a compressed body gets past.
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > answerMaxBytes) break
      chunks.push(chunk)
    }
  } catch {
    throw new BreachLookupError(`The answer of ${url} ended early.`)
  }
  if (size > answerMaxBytes) {
    throw new BreachLookupError(`${url} answered with more than ${answerMaxBytes} bytes.`)
  }
  return Buffer.concat(chunks).toString('latin1')
}

/** True if the rest of the hash is in an answer, with a count that is not 0, as that of padding is. */
function holds(answer: string, suffix: string, url: string): boolean {
  const lines = answer.replace(/\r?\n$/, '').split(/\r?\n/)
  const counts = lines.map((line) => {
    const [, rest = '', count = ''] = /^([\dA-F]{35}):(\d{1,15})$/i.exec(line) ?? []
    if (count === '') {
      throw new BreachLookupError(`${url} answered with something that is no list of hashes.`)
    }
    return rest.toUpperCase() === suffix ? Number(count) : 0
  })
  return counts.some((count) => count > 0)
}
