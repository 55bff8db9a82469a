// A client of the authorization code flow, on a site of its own, and the pages that somebody else may have there.

import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { deployedName, networkName } from './chromium.ts'
import { startWebServer, type WebServer } from './web-server.ts'

export interface ClientSite extends Pick<WebServer, 'seen' | 'close'> {
  readonly origin: string
  /** What came back to the redirect URIs, by query or by form. */
  readonly arrivals: readonly URLSearchParams[]
  /** Serves a page of this HTML at a path. */
  page(path: string, html: string): void
}

/** One page for every callback: its heading is "Arrived". A window that opened it is told. */
const arrived = `<h1>Arrived</h1><script>
opener?.postMessage(location.search, location.origin)
</script>`

/** Starts the site at `https://portcullis.test`. `/further` redirects to another origin before it arrives. */
export async function startClientSite(): Promise<ClientSite> {
  const server = await startWebServer({ tls: true })
  const arrivals: URLSearchParams[] = []
  const pages = new Map<string, string>()
  const elsewhere = `https://${deployedName}:${server.port}`
  server.answerWith((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search, searchParams } = new URL(request.url ?? '', elsewhere)
    if (pathname === '/further') {
      response.writeHead(303, { location: `${elsewhere}/callback${search}` }).end()
      return
    }
    if (pathname === '/callback') {
      arrivals.push(request.method === 'POST' ? await readForm(request) : searchParams)
    }
    const html = pathname === '/callback' ? arrived : pages.get(pathname)
    response
      .writeHead(html === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
      .end(`<!doctype html><title>Client</title><link rel="icon" href="data:,">${html ?? ''}`)
  }

  return {
    ...{ origin: `https://${networkName}:${server.port}`, arrivals },
    ...{ seen: server.seen, close: server.close },
    page: (path, html) => void pages.set(path, html),
  }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return new URLSearchParams(body)
}

/** The secret of every request of these tests (RFC 7636). */
export const codeVerifier = 'a-verifier-of-the-tests-that-is-long-enough-for-it'

/** The parameters of an authorization request with a challenge. */
export function requestFor(
  clientId: string,
  redirectUri: string,
  others: Readonly<Record<string, string>> = {},
): URLSearchParams {
  return new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri },
    ...{ scope: 'openid profile', state: `state of ${clientId}` },
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...others,
  })
}
