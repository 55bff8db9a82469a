import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../core/auth.ts'
import { issuerPath, metadataPath } from '../../http/endpoints/metadata.ts'
import { frontPage } from '../../pages/front-page.ts'
import type { Setup } from '../setup.ts'

interface FrontOptions {
  readonly auth: Auth
  readonly version: string
  readonly docs: boolean
  readonly setup?: Setup
}

/** The first page: what runs here, and where to go on. For browsers as HTML, for all others as JSON. */
export async function frontRoutes(
  scope: FastifyInstance,
  { auth, version, docs, setup }: FrontOptions,
): Promise<void> {
  const base = issuerPath(auth.issuer)
  const metadata = metadataPath(auth.issuer)
  const links = {
    ...(docs && { docs: `${base}/docs`, openapi: `${base}/openapi.json` }),
    health: `${base}/health/ready`,
    ...(metadata !== null && { metadata }),
  }
  const content = { version, issuer: auth.issuer, links }
  const usual = frontPage({ ...content, isEmpty: false })
  const empty = frontPage({ ...content, isEmpty: true })

  /** Counts users only while setup is open: this page needs no login, so its requests must be cheap. */
  async function isEmpty(): Promise<boolean> {
    return setup?.state() === 'open' && (await auth.users.counts()).total === 0
  }

  scope.get('/', { schema: { hide: true } as object }, async (request, reply) => {
    reply.header('vary', 'Accept').header('cache-control', 'no-cache')
    if (!/\btext\/html\b/i.test(request.headers.accept ?? '')) {
      return { name: 'Portcullis', version, token: `${base}/auth/token`, ...links }
    }
    const { html, contentSecurityPolicy } = (await isEmpty()) ? empty : usual
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': contentSecurityPolicy,
      })
      .send(html)
  })
}
