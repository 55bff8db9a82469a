import { OAuthError } from '../core/errors.ts'

/** Longest body of a form, in bytes. */
export const formMaxBytes: number = 16 * 1024

/** The media types that a form may have. */
export const formMediaTypes: readonly string[] = [
  'application/x-www-form-urlencoded',
  'multipart/form-data',
]

const urlencodedType = /^application\/x-www-form-urlencoded *(?:;.*)?$/i
const multipartType = /^multipart\/form-data *;/i

/** True for the media type of an urlencoded form, whatever its parameters are. */
export function isUrlencoded(contentType: string | undefined): contentType is string {
  return contentType !== undefined && urlencodedType.test(contentType)
}

/**
 * Returns the parameters of a form body: of one that is urlencoded, as `parseForm` says, or of one that
 * is multipart (RFC 7578), which the front ends of FastAPI send, by the same rules. A file is refused.
 *
 * The caller has bounded the body.
 *
 * @throws {OAuthError} `invalid_request` as `parseForm` does, or for a body that is not multipart, a
 * file, or a part with a transfer encoding.
 */
export async function readForm(
  contentType: string | undefined,
  body: Uint8Array,
): Promise<ReadonlyMap<string, string>> {
  if (contentType === undefined || !multipartType.test(contentType)) {
    return parseForm(contentType, body)
  }
  // Else bytes that are no text would be read as signs that say so, and every one as the same.
  const text = orRefuse(() => utf8.decode(body), 'The form is not UTF-8')
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? []
  for (const part of text.split(`--${quoted ?? plain}`)) refuseOddHeaders(part.split('\r\n\r\n', 1))
  return collect(await readParts(contentType, body))
}

/** What a part says of itself must be what was looked at: no line that goes on, no bytes to be decoded. */
function refuseOddHeaders([headers = '']: readonly string[]): void {
  // RFC 7578 §4.7 does away with transfer encodings; these three change nothing.
  if (/^content-transfer-encoding[ \t]*:(?!\s*(?:7bit|8bit|binary)\s*$)/im.test(headers)) {
    throw new OAuthError('invalid_request', 'Send the form without transfer encodings')
  }
  if (/\r\n[ \t]|\ufeff/.test(headers)) {
    throw new OAuthError('invalid_request', 'The form is not well-formed multipart/form-data')
  }
}

async function readParts(contentType: string, body: Uint8Array): Promise<[string, string][]> {
  let form: FormData
  try {
    // A copy, since a `Response` takes no bytes that may be shared.
    form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData()
  } catch (cause) {
    throw new OAuthError('invalid_request', 'The form is not well-formed multipart/form-data', {
      cause,
    })
  }
  return [...form].map(([name, value]) => {
    if (typeof value === 'string') return [name, value]
    throw new OAuthError('invalid_request', 'A form must not hold files here')
  })
}

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
  if (!isUrlencoded(contentType)) {
    throw new OAuthError(
      'invalid_request',
      'Send the parameters as a form: Content-Type: application/x-www-form-urlencoded',
    )
  }
  const pairs = readText(body)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const at = pair.indexOf('=')
      return at === -1
        ? [decode(pair), '']
        : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))]
    })
  return collect(pairs)
}

function collect(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  const parameters = new Map(pairs)
  if (parameters.size < pairs.length) {
    throw new OAuthError('invalid_request', 'A parameter occurs more than once')
  }
  for (const [name, value] of pairs) if (value === '') parameters.delete(name)
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

function orRefuse(read: () => string, message = 'The form is not percent-encoded UTF-8'): string {
  try {
    return read()
  } catch (cause) {
    throw new OAuthError('invalid_request', message, { cause })
  }
}
