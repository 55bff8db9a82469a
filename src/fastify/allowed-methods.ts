import type { FastifyInstance } from 'fastify'

/** In the configuration of a route that only answers 405: its methods are no methods of the path. */
export const refusesMethod: unique symbol = Symbol('portcullis.refusesMethod')

/** The methods that the routes at a URL have, in order; none if there is no route at its path. */
export type AllowedMethods = (url: string) => readonly string[]

/**
 * Remembers the methods of every route that is added from now on, for a not-found handler: Fastify answers
 * a wrong method at a known path with 404, where RFC 9110 §15.5.6 says 405 and `Allow`.
 *
 * A slash at the end makes no difference, and a route at `*` is no path.
 */
export function rememberMethods(app: FastifyInstance): AllowedMethods {
  const routes: { readonly segments: readonly string[]; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method, config }) => {
    if (Object(config)[refusesMethod] === true) return
    if (url !== '*' && url !== '/*') routes.push({ segments: split(url), methods: [method].flat() })
  })
  return (url) => {
    const path = split(url.split('?', 1)[0] ?? '')
    const found = routes.filter(({ segments }) => matches(segments, path))
    return [...new Set(found.flatMap(({ methods }) => methods))].sort()
  }
}

/** A path is routed decoded. */
function split(path: string): readonly string[] {
  const whole = path.replace(/\/$/, '')
  try {
    return whole.split('/').map(decodeURIComponent)
  } catch {
    return whole.split('/')
  }
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const hasRest = pattern.at(-1) === '*'
  if (hasRest ? path.length < pattern.length : path.length !== pattern.length) return false
  return pattern.every(
    (segment, index) =>
      segment === '*' || (segment.startsWith(':') ? path[index] !== '' : segment === path[index]),
  )
}
