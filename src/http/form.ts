import { OAuthError } from '../core/errors.ts'

/** Longest body of a form, in bytes. */
export const formMaxBytes: number = 16 * 1024

const formMediaType = /^application\/x-www-form-urlencoded *(?:;.*)?$/i

/**
 * Returns the parameters of a form body (application/x-www-form-urlencoded, RFC 6749 appendix B).
 * An empty parameter counts as absent (§3.2). Names are flat text: `a[b]` is a name like any other.
 *
 * @throws {OAuthError} `invalid_request` for another media type, text that is not UTF-8, or a
 * parameter that occurs twice (§3.2).
 */
export function parseForm(
  contentType: string | undefined,
  body: Uint8Array,
): ReadonlyMap<string, string> {
  if (contentType === undefined || !formMediaType.test(contentType)) {
    throw new OAuthError(
      'invalid_request',
      'Send the parameters as a form: Content-Type: application/x-www-form-urlencoded',
    )
  }
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  for (const pair of readText(body).split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decode(at === -1 ? pair : pair.slice(0, at))
    const value = at === -1 ? '' : decode(pair.slice(at + 1))
    if (seen.has(name)) {
      throw new OAuthError('invalid_request', 'A parameter occurs more than once')
    }
    seen.add(name)
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// Most clients encode everything but ASCII; `curl -d` sends what it was given.
function readText(body: Uint8Array): string {
  return orRefuse(() => utf8.decode(body))
}

function decode(text: string): string {
  return orRefuse(() => decodeURIComponent(text.replaceAll('+', ' ')))
}

function orRefuse(read: () => string): string {
  try {
    return read()
  } catch (cause) {
    throw new OAuthError('invalid_request', 'The form is not percent-encoded UTF-8', { cause })
  }
}
