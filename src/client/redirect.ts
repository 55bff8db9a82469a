/**
 * How requests with a password or a refresh token are sent. No cookie of ours exists, and a redirect would
 * carry the secret elsewhere. Not `redirect: 'error'`, which Cloudflare Workers do not have.
 */
export const toThisServer = { credentials: 'omit', redirect: 'manual' } as const

/**
 * Returns an answer that is no redirect. Browsers hide the status of one that was not followed.
 *
 * @throws {TypeError} for a redirect, as the platform does for `redirect: 'error'`.
 */
export function withoutRedirect(response: Response): Response {
  const { type, status } = response
  if (type !== 'opaqueredirect' && (status < 300 || status > 399)) return response
  throw new TypeError('The server answered with a redirect.')
}
