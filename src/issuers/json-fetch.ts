import { isPrivate, mayHostIssuer, type Resolve, resolveName } from './address-guard.ts'

/** How documents are fetched from an issuer. */
export interface JsonFetchOptions {
  /** Milliseconds for the whole answer, its body included. */
  readonly timeout: number
  /** Accepts http from this machine. */
  readonly allowInsecureLoopback: boolean
  /** Accepts http from hosts all of whose addresses are private. Default false. */
  readonly allowInsecurePrivate?: boolean
  /** Ends the fetch early. */
  readonly signal: AbortSignal
  /** Default: the resolver of this machine. */
  readonly resolve?: Resolve
}

/** Bytes of a body, after decompression. */
export const bodyMaxBytes: number = 512 * 1024

/** A document that was not had: why, in a sentence that names its URL and nothing of its content. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  /** The status of the answer, if there was one. */
  readonly status: number | undefined

  constructor(url: string, reason: string, status?: number, options?: ErrorOptions) {
    super(`${shownUrl(url)} ${reason}`, options)
    this.status = status
  }
}

/**
 * Fetches a JSON document: https only, no redirect followed, no cookies, bounded in time and size
 * (RFC 8725 §3.10).
 *
 * Every address of the name must be one that an issuer may have, see address-guard.ts. A name that is
 * given another address between that look and the connection ends at a host without its certificate.
 *
 * @throws {FetchError}
 */
export async function fetchJson(url: string, options: JsonFetchOptions): Promise<unknown> {
  const { allowInsecureLoopback, allowInsecurePrivate = false } = options
  const problem = urlProblem(url, allowInsecureLoopback, allowInsecurePrivate)
  if (problem !== null) throw new FetchError(url, problem)
  const timeout = AbortSignal.timeout(options.timeout)
  const signal = AbortSignal.any([timeout, options.signal])
  try {
    const resolve = within(signal, options.resolve ?? resolveName)
    if (!(await mayHostIssuer(url, resolve))) {
      throw new FetchError(url, 'is at a link-local or reserved address')
    }
    if (url.startsWith('http:') && !(await isPrivate(url, resolve))) {
      throw new FetchError(url, 'is at a public address, where it must be https')
    }
    const response = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: {
        accept: 'application/json, application/jwk-set+json',
        'user-agent': 'portcullis',
      },
    })
    try {
      return await readJson(url, response)
    } finally {
      // What was not read is not wanted.
      if (!response.bodyUsed) await response.body?.cancel()
    }
  } catch (error) {
    if (error instanceof FetchError) throw error
    const reason = timeout.aborted
      ? `did not answer whole within ${options.timeout / 1000} s`
      : 'could not be reached'
    throw new FetchError(url, reason, undefined, { cause: error })
  }
}

/** A resolver that is given up with the fetch: the system's own has no end that we could set. */
function within(signal: AbortSignal, resolve: Resolve): Resolve {
  return async (hostname) => {
    signal.throwIfAborted()
    const ended = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    return await Promise.race([resolve(hostname), ended])
  }
}

async function readJson(url: string, response: Response): Promise<unknown> {
  const { status } = response
  if (status !== 200) throw new FetchError(url, `answered ${status}, not 200`, status)
  const type = response.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json *(?:;|$)/i.test(type)) {
    throw new FetchError(url, 'answered with a content type that is not JSON', status)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  // Counted as it arrives: neither a length that lies nor a compressed body gets past.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > bodyMaxBytes) {
      throw new FetchError(url, `answered with more than ${bodyMaxBytes} bytes`, status)
    }
    chunks.push(chunk)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch (cause) {
    throw new FetchError(url, 'answered with something that is not JSON', status, { cause })
  }
}

/** A URL as messages have it: without its user, password and query, in which a secret may be. */
export function shownUrl(url: string): string {
  const from = url.lastIndexOf('@') + 1
  const host = from === 0 ? url : `${url.split('//', 1)[0]}//${url.slice(from)}`
  return host.split(/[?#]/, 1)[0] ?? ''
}

/**
 * What is wrong with a URL to fetch keys or metadata from; null if nothing is. Where a name leads to is only
 * found out when it is fetched.
 */
export function urlProblem(
  url: string,
  allowInsecureLoopback: boolean,
  allowInsecurePrivate = false,
): string | null {
  if (!URL.canParse(url)) return 'is no URL'
  const { protocol, hostname, username, password, hash } = new URL(url)
  if ([username, password, hash].some((part) => part !== '')) {
    return 'must have no user, password or fragment'
  }
  if (protocol === 'https:' || (protocol === 'http:' && allowInsecurePrivate)) return null
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
  if (protocol === 'http:' && isLoopback) {
    return allowInsecureLoopback ? null : 'must be https, or allowInsecureLoopback must be set'
  }
  return 'must be https'
}
