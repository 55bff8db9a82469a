import type { GuardedRequest } from '../http/bearer.ts'

/** Reads headers of a request of any kind, by their names in small letters. */
export function headerOf({
  headers,
}: Pick<GuardedRequest, 'headers'>): (name: string) => string | undefined {
  return (name) => {
    if (typeof headers.get === 'function') return headers.get(name) ?? undefined
    const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[
      name
    ]
    return typeof value === 'string' ? value : value?.join(', ')
  }
}

/**
 * True only if a browser says that a page of this origin has sent the request. Every browser says so, in
 * `Sec-Fetch-Site` or `Origin`, of what is not asked for by GET or HEAD. So there is no token that a form of an
 * application could forget.
 */
export function isSurelyFromHere(
  request: Pick<GuardedRequest, 'headers'>,
  issuer: string,
): boolean {
  const header = headerOf(request)
  const site = header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  return header('origin') === new URL(issuer).origin
}
