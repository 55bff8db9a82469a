import type { FastifyInstance } from 'fastify'

/**
 * Makes a scope read bodies of every type as bytes, up to the route's limit, so that its routes say
 * themselves what is wrong with them.
 */
export function readBodiesAsBytes(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** The bytes of a body that such a scope has read; none for a request without a body. */
export function bytesOf(body: unknown): Uint8Array {
  return Buffer.isBuffer(body) ? body : new Uint8Array()
}
