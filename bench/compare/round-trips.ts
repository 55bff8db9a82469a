// Logins by browser without a page: a request with a session and consent, then the exchange of its code with PKCE.
// What counts is the processor time of the server, which other work on the machine changes little.

import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { quantiles } from '../quantiles.ts'
import type { Sample } from './load.ts'

export const redirectUri = 'https://app.example.com/callback'
const verifier = 'a-verifier-that-is-long-enough-for-RFC-7636-section-4.1'
const challenge = createHash('sha256').update(verifier).digest('base64url')
/** Round trips that are under way at once. */
const lanes = 8

/** Where somebody logs in, and as whom. */
export interface RelyingParty {
  readonly url: string
  readonly clientId: string
  readonly authorizePath: string
  readonly tokenPath: string
  readonly scope: string
  /** Parameters of one server alone. Default none. */
  readonly more?: Readonly<Record<string, string>>
  /** The header `Cookie` of each browser, in turn. */
  readonly cookies: readonly string[]
}

interface Answered {
  readonly status: number
  readonly location: string
  readonly text: string
}

/** The path of an authorization request. */
export function authorizationRequest({
  clientId,
  authorizePath,
  scope,
  more = {},
}: Omit<RelyingParty, 'cookies' | 'url' | 'tokenPath'>): string {
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope },
    ...{ state: 'af0ifjsldkj', nonce: 'n-0S6_WzA2Mj' },
    ...{ code_challenge: challenge, code_challenge_method: 'S256', ...more },
  })
  return `${authorizePath}?${query}`
}

interface RoundTrips {
  /** Makes one, in the next browser. */
  once(): Promise<void>
  /** Seconds that the server's processor has worked. */
  processorSeconds(): Promise<number>
}

/** Makes round trips one by one. */
export function openRoundTrips(party: RelyingParty): RoundTrips {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  const path = authorizationRequest(party)
  let browser = 0

  function ask(where: string, headers: Record<string, string>, form?: string): Promise<Answered> {
    const length = form !== undefined && { 'content-length': Buffer.byteLength(form) }
    return new Promise((resolve, reject) => {
      const sent = request(party.url + where, {
        ...{ agent, method: form === undefined ? 'GET' : 'POST' },
        headers: { ...headers, ...length },
      })
      sent.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response
          resolve({ status, location: headers.location ?? '', text })
        })
      })
      sent.on('error', reject).end(form)
    })
  }

  async function once(): Promise<void> {
    const cookie = party.cookies[browser++ % party.cookies.length] ?? ''
    const authorized = await ask(path, { cookie })
    const code = URL.parse(authorized.location)?.searchParams.get('code')
    if (!code) throw new Error(`${authorized.status}, no code: ${authorized.location}`)
    const form = new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: party.clientId, code },
      ...{ redirect_uri: redirectUri, code_verifier: verifier },
    })
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const { status, text } = await ask(party.tokenPath, type, form.toString())
    if (status !== 200 || JSON.parse(text).id_token === undefined) {
      throw new Error(`${status}: ${text}`)
    }
  }

  async function processorSeconds(): Promise<number> {
    const { user, system } = JSON.parse((await ask('/cpu', {})).text)
    return (user + system) / 1e6
  }

  return { once, processorSeconds }
}

/**
 * Makes round trips for so many seconds. The rate is that of a second of the server's processor; the times are those
 * of whole round trips.
 */
export function createRoundTrips(party: RelyingParty): (seconds: number) => Promise<Sample> {
  const { once, processorSeconds } = openRoundTrips(party)
  return async (seconds) => {
    const times: number[] = []
    const before = await processorSeconds()
    const until = performance.now() + 1000 * seconds
    const lane = async (): Promise<void> => {
      while (performance.now() < until) {
        const began = performance.now()
        await once()
        times.push(performance.now() - began)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    const used = (await processorSeconds()) - before
    const { p50, p99 } = quantiles(times)
    return { rate: times.length / used, p50, p99 }
  }
}
