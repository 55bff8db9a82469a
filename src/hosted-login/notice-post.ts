import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import {
  type NoticePost,
  type NoticeProblem,
  noticeDeadline,
} from '../core/authorization/logout-notices.ts'
import { isLoopbackHost, isPublicAddress } from './public-address.ts'

/** The addresses of a host name. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>

export interface NoticePostOptions {
  /** The address of the site. One on loopback may tell clients on loopback. */
  readonly issuer: string
  /** Hosts that may have any address, in small letters as in a URL. */
  readonly allowHosts: readonly string[]
  /** Default: what the system answers. */
  readonly resolve?: ResolveHost | undefined
}

/** Bytes of an answer's body that are read before the connection is cut. */
const bodyLimit = 1024

const fromSystem: ResolveHost = (hostname) => lookup(hostname, { all: true })

/**
 * Returns what posts a logout token to a client (Back-Channel Logout §2.5), and answers with the reason if
 * the client has not taken it, else null.
 *
 * A client names the address, so it could make the server ask its own network. Only public addresses are
 * asked, unless the host is allowed by name. A name is looked up once, and the connection goes to the
 * addresses that were judged: a second look-up could answer otherwise. No redirect is followed.
 */
export function createNoticePost({
  issuer,
  allowHosts,
  resolve = fromSystem,
}: NoticePostOptions): NoticePost {
  const isOnLoopback = isLoopbackHost(URL.parse(issuer)?.hostname ?? '')
  const mayBeAnywhere = (hostname: string): boolean =>
    allowHosts.includes(hostname) || (isOnLoopback && isLoopbackHost(hostname))

  async function addressesOf(hostname: string): Promise<readonly LookupAddress[]> {
    const bare = hostname.replace(/^\[(.*)\]$/, '$1')
    const version = isIP(bare)
    return version === 0 ? await resolve(bare) : [{ address: bare, family: version }]
  }

  async function post(url: URL, token: string, signal: AbortSignal): Promise<NoticeProblem | null> {
    const addresses = await addressesOf(url.hostname)
    if (addresses.length === 0) return 'unreachable'
    // One that is not public among several is no mistake that anybody makes.
    if (
      !mayBeAnywhere(url.hostname) &&
      !addresses.every(({ address }) => isPublicAddress(address))
    ) {
      return 'address_not_public'
    }
    signal.throwIfAborted()
    const status = await postForm(url, new URLSearchParams({ logout_token: token }), {
      addresses,
      signal,
    })
    // Some frameworks make 204 of an empty 200 (§2.8).
    return status === 200 || status === 204 ? null : `status_${status}`
  }

  return async (uri, token, stop) => {
    const url = URL.parse(uri)
    if (url === null) return 'unreachable'
    const deadline = AbortSignal.timeout(1000 * noticeDeadline)
    const signal = AbortSignal.any([stop, deadline])
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      signal.throwIfAborted()
      // A look-up heeds no signal.
      return await Promise.race([post(url, token, signal), aborted])
    } catch {
      if (stop.aborted) return 'stopped'
      return deadline.aborted ? 'no_answer' : 'unreachable'
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
}

/** Posts a form to one of the addresses, and returns the status of the answer. */
async function postForm(
  url: URL,
  form: URLSearchParams,
  { addresses, signal }: { addresses: readonly LookupAddress[]; signal: AbortSignal },
): Promise<number> {
  const pinned: LookupFunction = (_hostname, { all }, callback) => {
    const [{ address, family } = { address: '', family: 4 }] = addresses
    if (all) callback(null, [...addresses])
    else callback(null, address, family)
  }
  const body = form.toString()
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    method: 'POST',
    // A connection of its own: one that is kept could be another's.
    agent: false,
    lookup: pinned,
    signal,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    },
  })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  readSome(response)
  // The status is known: how the connection ends says nothing.
  request.on('error', () => {})
  return response.statusCode ?? 0
}

/** Reads a short body to its end, so that its sender sees no broken connection. Cuts a longer one off. */
function readSome(response: IncomingMessage): void {
  let size = 0
  response.on('error', () => {})
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > bodyLimit) response.destroy()
  })
}
