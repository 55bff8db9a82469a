/**
 * Makes sure that there is an `Auth` or a `ResourceServer`: a forgotten `await` would be found at the
 * first request only.
 *
 * @throws {TypeError} if it is missing, or is still a promise.
 */
export function requireAuth(auth: unknown): void {
  if (typeof auth === 'object' && auth !== null && 'accessTokens' in auth) return
  throw new TypeError(
    'auth is missing, or its promise was not awaited: pass what `await createAuth(…)` or `createResourceServer(…)` returned.',
  )
}
