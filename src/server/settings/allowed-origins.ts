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
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    // Besides ours those that tracing adds to every request of a page (W3C Trace Context and Baggage, Sentry).
    allowedHeaders: [
      ...['authorization', 'content-type'],
      ...['traceparent', 'tracestate', 'baggage', 'sentry-trace'],
    ],
    exposedHeaders: ['www-authenticate', 'retry-after'],
    maxAge: preflightLifetime,
    credentials: false,
  })
}

/** Reads origins with commas between, such as `https://app.example.com`; exact ones, no pattern. */
export function readOrigins(text: string, problems: string[]): readonly string[] {
  const origins = text
    .split(',')
    .map((origin) => origin.trim())
    .filter(Boolean)
  const wrong = origins.filter((origin) => {
    const isWeb = /^https?:[^*]+$/.test(origin) && URL.canParse(origin)
    return !isWeb || new URL(origin).origin !== origin
  })
  if (wrong.length > 0) {
    problems.push(
      `CORS_ORIGINS must list origins as browsers write them, such as https://app.example.com (no path, no *): ${wrong.join(', ')}.`,
    )
  }
  return origins
}
