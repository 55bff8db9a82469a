import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

type HeaderBlock = Readonly<Record<string, string>>

/**
 * The headers that mean something on an answer a browser shows no page of. OWASP's REST Security Cheat Sheet asks for
 * them of every answer of an API; `cache-control` is for the guards and the endpoints.
 */
const always: readonly string[] = [
  'content-security-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
]

const policy = "default-src 'none';frame-ancestors 'none'"

/** The headers of security on an answer that no hook runs for. */
export const bareHeaders: HeaderBlock = {
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/**
 * Puts the headers of security on every other answer: those that mean something on JSON at once, and the rest of
 * helmet's when the answer turns out to be anything else. What a route has said itself stays.
 */
export function addSecurityHeaders(app: FastifyInstance, issuer: string): void {
  const headers = Object.entries(securityHeaders(issuer))
  const first = Object.fromEntries(headers.filter(([name]) => always.includes(name)))
  const rest = headers.filter(([name]) => !always.includes(name))
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(first)
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!isJson(reply.getHeader('content-type'))) {
      for (const [name, value] of rest) if (!reply.hasHeader(name)) reply.header(name, value)
    }
    done()
  })
}

/** True for the types that all answers to programs have. */
function isJson(type: unknown): boolean {
  return (
    typeof type === 'string' &&
    (type.startsWith('application/json') || type.startsWith('application/problem+json'))
  )
}

/** Helmet's headers, asked for once: none of them depends on the request. */
function securityHeaders(issuer: string): HeaderBlock {
  const headers: Record<string, string> = {}
  const addHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // As the policy has it, for browsers that do not know `frame-ancestors`.
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: issuer.startsWith('https:'),
  })
  const response = {
    setHeader(name: string, value: string) {
      headers[name.toLowerCase()] = value
    },
    removeHeader() {},
  }
  // All that helmet uses of the two.
  addHeaders({} as never, response as never, (error) => {
    if (error) throw error
  })
  return headers
}
