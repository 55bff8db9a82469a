import type { GuardedRequest } from '../bearer.ts'

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
