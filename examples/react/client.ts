import { type AuthClient, AuthClientError, createClient, webStorage } from 'portcullis/client'

// One login for this tab, which a reload keeps. With `memoryStorage()` a reload is a log-out, and a script
// that gets into the page has less to take: docs/client.md weighs them.
export const client: AuthClient = createClient({ url: '/', storage: webStorage(sessionStorage) })

/** What a guarded route answers. Throws the reason that the server gives for a refusal. */
export async function get<T>(path: string): Promise<T> {
  const answer = await client.fetch(path)
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Error(body.detail ?? unavailable)
  return body
}

const unavailable = 'The server does not answer. Try again in a moment.'

/** What went wrong, for people. */
export function describe(error: unknown): string {
  // `fetch` throws it when there is no answer.
  if (error instanceof TypeError || codeOf(error) === 'unavailable') return unavailable
  if (codeOf(error) === 'throttled') return 'Too many failed attempts. Wait a little.'
  return error instanceof Error ? error.message : String(error)
}

/** Seconds to wait before the next attempt; 0 if the server asks for no wait. */
export function waitOf(error: unknown): number {
  return error instanceof AuthClientError ? (error.retryAfter ?? 0) : 0
}

/** Whether the server knows that the username or the password is wrong. */
export function isWrong(error: unknown): boolean {
  return codeOf(error) === 'invalid_credentials'
}

function codeOf(error: unknown): AuthClientError['code'] | undefined {
  return error instanceof AuthClientError ? error.code : undefined
}
