import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../core/auth.ts'
import { issuerPath, metadataPath } from '../../http/endpoints/metadata.ts'
import { escapeHtml, page, pageContentSecurityPolicy } from '../../pages/setup-page.ts'
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
  const html = page('Portcullis', bodyOf(auth.issuer, version, links))
  const emptyHtml = page('Portcullis', `${noUsers}${bodyOf(auth.issuer, version, links)}`)

  /** Asked only while there may be none: whoever comes here need not have logged in. */
  async function isEmpty(): Promise<boolean> {
    return setup?.state() === 'open' && (await auth.users.counts()).total === 0
  }

  scope.get('/', { schema: { hide: true } as object }, async (request, reply) => {
    reply.header('vary', 'Accept').header('cache-control', 'no-cache')
    if (!/\btext\/html\b/i.test(request.headers.accept ?? '')) {
      return { name: 'Portcullis', version, token: `${base}/auth/token`, ...links }
    }
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': pageContentSecurityPolicy,
      })
      .send((await isEmpty()) ? emptyHtml : html)
  })
}

const noUsers =
  '<p role="alert">There are no users yet: open the link that the server printed when it started.</p>'

function bodyOf(
  issuer: string,
  version: string,
  links: Readonly<Record<string, string | false>>,
): string {
  const items = Object.entries(links).map(([name, path]) => {
    return `<li><a href="${path}">${titles[name]}</a></li>`
  })
  return `<p>A login server, version ${escapeHtml(version)}.</p>
<ul>${items.join('')}</ul>
<p>Log in, and ask who you are:</p>
<pre><code>curl ${escapeHtml(issuer)}/auth/token -d username=… -d password=…
curl ${escapeHtml(issuer)}/me -H 'Authorization: Bearer …'</code></pre>`
}

const titles: Readonly<Record<string, string>> = {
  docs: 'Try it in Swagger UI',
  openapi: 'OpenAPI document',
  health: 'Can it serve requests?',
  metadata: 'Metadata for OAuth clients',
}
