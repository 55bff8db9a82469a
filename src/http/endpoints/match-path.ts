/** A path that has parts which stand for any text, and what they stand for. */
export interface MatchedPath {
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * The first of the paths that the path of a request fits; null if there is none. What stands for any text is decoded
 * after the path was taken apart: `%2F` parts nothing.
 */
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
    if (each.startsWith(':') && part !== '') {
      const text = decode(part)
      if (text === null) return null
      found.push([each.slice(1), text])
    } else if (each !== part) return null
  }
  return Object.fromEntries(found)
}

/** Null for text that is no percent-encoded UTF-8 (RFC 3986 §2.1). */
function decode(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}
