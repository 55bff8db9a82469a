import { useCallback, useState } from 'react'
import { describe, get } from './client.ts'

/** What came of a request so far. */
export type Answer<T> =
  | { readonly status: 'none' | 'loading' }
  | { readonly status: 'here'; readonly value: T }
  | { readonly status: 'failed'; readonly problem: string }

/** The answer of a guarded route, and what asks for it, also once more. */
export function useAnswer<T>(path: string): [Answer<T>, () => void] {
  const [answer, setAnswer] = useState<Answer<T>>({ status: 'none' })
  const ask = useCallback(() => {
    setAnswer({ status: 'loading' })
    get<T>(path).then(
      (value) => setAnswer({ status: 'here', value }),
      (error) => setAnswer({ status: 'failed', problem: describe(error) }),
    )
  }, [path])
  return [answer, ask]
}
