/** A path that has parts which stand for any text, and what they stand for. */
export interface MatchedPath {
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
}

/** The first of the paths that the path of a request fits; null if there is none. */
export function matchPath(paths: readonly string[], asked: string): MatchedPath | null {
  const parts = asked.split('/')
  for (const path of paths) {
    const parameters = parametersOf(path.split('/'), parts)
    if (parameters !== null) return { path, parameters }
  }
  return null
}

function parametersOf(
  pattern: readonly string[],
  parts: readonly string[],
): Readonly<Record<string, string>> | null {
  if (pattern.length !== parts.length) return null
  const found: [string, string][] = []
  for (const [index, each] of pattern.entries()) {
    const part = parts[index] ?? ''
    if (each.startsWith(':') && part !== '') found.push([each.slice(1), part])
    else if (each !== part) return null
  }
  return Object.fromEntries(found)
}
