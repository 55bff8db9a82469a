/** Milliseconds that a request may take: a server that hangs holds no lock for ever. */
export const timeLimit = 30_000

/**
 * Sends a request with a password or a refresh token. No cookie of ours exists, and a redirect would carry the
 * secret elsewhere. Not `redirect: 'error'`, which Cloudflare Workers do not have.
 *
 * @throws {TypeError} for a redirect, as the platform does for `redirect: 'error'`.
 */
export async function sendHere(
  send: typeof globalThis.fetch,
  url: URL,
  init: RequestInit,
): Promise<Response> {
  const response = await send(url, {
    ...init,
    credentials: 'omit',
    redirect: 'manual',
    signal: AbortSignal.timeout(timeLimit),
  })
  const { type, status } = response
  // Browsers hide the status of a redirect that was not followed.
  if (type !== 'opaqueredirect' && (status < 300 || status > 399)) return response
  throw new TypeError('The server answered with a redirect.')
}
