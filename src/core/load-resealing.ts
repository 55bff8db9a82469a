import type { CheckedOptions } from './checked-options.ts'
import type { LoadedKeys } from './keys/load-keys.ts'
import type { Resealing, ResealingOptions } from './resealing.ts'

/** What seals again; null, and nothing of it is loaded, where there is no previous key. */
export async function loadResealing(
  { secret, previousSecrets, reseal }: LoadedKeys,
  { sessionOptions, options, accessTokenLifetime }: CheckedOptions,
  parts: Pick<ResealingOptions, 'store' | 'events' | 'clock'>,
): Promise<Resealing | null> {
  if (previousSecrets.length === 0) return null
  const { createResealing } = await import('./resealing.ts')
  const { idleLifetime, lifetime } = sessionOptions
  // A refresh issues another token, and nothing issues another cookie: it lasts as long as the session may.
  const session = options.hostedLogin ? lifetime : Math.min(idleLifetime, lifetime)
  return createResealing({
    ...{ ...parts, secret, previousSecrets, resealSigningKeys: reseal },
    longestUnrenewed: Math.max(session, accessTokenLifetime),
  })
}
