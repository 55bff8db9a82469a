import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** The files of Swagger UI that its page and a login in a window need, and what they are. */
export const swaggerUiFiles: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'index.css': 'text/css; charset=utf-8',
  'oauth2-redirect.html': 'text/html; charset=utf-8',
  'oauth2-redirect.js': 'text/javascript; charset=utf-8',
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
}

/** A file as it is sent. */
export interface EncodedFile {
  readonly body: Buffer
  /** The content coding, RFC 9110 §8.4.1.3; undefined for none. */
  readonly encoding?: 'gzip'
}

const decompress = promisify(gunzip)

// Those of a package are compressed (scripts/swagger-ui-files.ts), and lie beside the code.
const isCompiled = import.meta.url.endsWith('.js')

/** Reads one of `swaggerUiFiles`; compressed, if it can be had so and the one who asks takes that. */
export async function readSwaggerUiFile(name: string, takesGzip: boolean): Promise<EncodedFile> {
  if (!isCompiled) {
    const source = import.meta.resolve('@fastify/swagger-ui')
    return { body: await readFile(new URL(`static/${name}`, source)) }
  }
  const compressed = await readFile(new URL(`../swagger-ui/${name}.gz`, import.meta.url))
  return takesGzip ? { body: compressed, encoding: 'gzip' } : { body: await decompress(compressed) }
}

/** True if an `Accept-Encoding` names gzip and does not refuse it (RFC 9110 §12.5.3). */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '')
    .split(',')
    .some((each) => /^\s*(x-)?gzip\s*(;\s*q=(1(\.0*)?|0?\.0*[1-9]\d*)\s*)?$/i.test(each))
}
