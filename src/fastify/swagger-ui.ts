import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readSwaggerUiFile, swaggerUiFiles, takesGzip } from './swagger-ui-files.ts'
import { type SwaggerUiTheme, swaggerInitializer, swaggerUiPage } from './swagger-ui-page.ts'

/** What `serveSwaggerUi` takes. */
export interface SwaggerUiOptions {
  /** Where the page is, as a browser sees it. */
  readonly publicPath: string
  readonly title: string
  readonly contentSecurityPolicy: string
  readonly theme: SwaggerUiTheme
}

// Not in the document.
const hidden = { schema: { hide: true } }

/** Serves Swagger UI below the prefix: its page, its files, and the document as JSON and as YAML. */
export function serveSwaggerUi(app: FastifyInstance, options: SwaggerUiOptions): void {
  const { publicPath, title, contentSecurityPolicy, theme } = options
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('content-security-policy', contentSecurityPolicy)
    done()
  })
  function sendPage(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    // Relative links would lead elsewhere from a page without a slash.
    const files = request.url.endsWith('/') ? './static' : `${publicPath}/static`
    return reply.type('text/html; charset=utf-8').send(swaggerUiPage(title, files))
  }
  app.get('/', hidden, sendPage)
  app.get('/json', hidden, () => app.swagger())
  app.get('/yaml', hidden, (_request, reply) =>
    reply.type('application/x-yaml').send(app.swagger({ yaml: true })),
  )
  const made: Readonly<Record<string, [type: string, text: () => string]>> = {
    'swagger-initializer.js': ['text/javascript', () => swaggerInitializer],
    'theme/portcullis.js': ['text/javascript', () => theme.script],
    'theme/portcullis.css': ['text/css', theme.styleSheet],
  }
  for (const [name, [type, text]] of Object.entries(made)) {
    app.get(`/static/${name}`, hidden, (_request, reply) =>
      reply.type(`${type}; charset=utf-8`).send(text()),
    )
  }
  for (const [name, type] of Object.entries(swaggerUiFiles)) {
    app.get(`/static/${name}`, hidden, (request, reply) => sendFile(name, type, request, reply))
  }
}

/** Sends a file, or 304 to a browser that has it (RFC 9110 §13.1.2). */
async function sendFile(
  name: string,
  type: string,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { body, encoding } = await readSwaggerUiFile(name, takesGzip(headers['accept-encoding']))
  const digest = createHash('sha256').update(body).digest('base64url')
  const etag = `"${digest}"`
  reply.headers({ etag, 'cache-control': 'public, max-age=0', vary: 'accept-encoding' })
  if (headers['if-none-match'] === etag) return reply.code(304).send()
  if (encoding !== undefined) reply.header('content-encoding', encoding)
  return reply.type(type).send(body)
}
