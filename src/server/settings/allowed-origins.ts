import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

/** Seconds that a browser may go on without asking again. */
const preflightLifetime = 600

/**
 * Lets pages of these origins call the server and read its answers (CORS). No cookie is involved: a
 * page has the tokens that it holds itself, or none.
 */
export async function allowOrigins(
  app: FastifyInstance,
  origins: readonly string[],
): Promise<void> {
  await app.register(cors, {
    // A list, so that the answer names one origin, and `Vary` tells caches.
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    // Ours, and those that tracing adds to every request of a page (W3C Trace Context and Baggage, Sentry).
    allowedHeaders: [
      ...['authorization', 'content-type'],
      ...['traceparent', 'tracestate', 'baggage', 'sentry-trace'],
    ],
    exposedHeaders: ['www-authenticate', 'retry-after'],
    maxAge: preflightLifetime,
    credentials: false,
  })
}

/**
 * Reads origins with commas between, such as `https://app.example.com`, or `capacitor://localhost` of a
 * page that is part of an app; exact ones, no pattern.
 */
export function readOrigins(text: string, problems: string[]): readonly string[] | undefined {
  const origins = text
    .split(',')
    .map((origin) => origin.trim())
    .filter(Boolean)
  const wrong = origins.filter((origin) => !isOrigin(origin))
  if (wrong.length === 0) return origins
  problems.push(
    `CORS_ORIGINS must list origins as browsers write them, such as https://app.example.com or capacitor://localhost (no path, no *, no null): ${wrong.join(', ')}.`,
  )
  return undefined
}

/** Schemes whose pages have no origin of their own: a browser sends `null` for them. */
const opaque = new Set(['about', 'blob', 'data', 'file', 'filesystem', 'javascript', 'ws', 'wss'])

function isOrigin(text: string): boolean {
  const [, scheme = '', host = ''] = /^([a-z][a-z\d+.-]*):\/\/([^*\s]+)$/.exec(text) ?? []
  if (scheme === 'http' || scheme === 'https') {
    return URL.canParse(text) && new URL(text).origin === text
  }
  // Of other schemes nobody but the app itself knows more (RFC 6454 §6.2).
  return scheme !== '' && !opaque.has(scheme) && /^[a-z\d._-]+(:\d{1,5})?$/.test(host)
}
