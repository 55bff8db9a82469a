// One application's endpoints, as every framework mounts them.

import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { Auth } from '../../src/core/auth.ts'
import { oauthEndpoints as expressEndpoints } from '../../src/express/oauth-endpoints.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { oauthEndpoints as honoEndpoints } from '../../src/hono/oauth-endpoints.ts'
import type { EndpointOptions } from '../../src/http/endpoints/mount.ts'
import { nodeOAuthEndpoints } from '../../src/web/node.ts'
import { oauthEndpoints } from '../../src/web/oauth-endpoints.ts'

export type Ask = (path: string, init: RequestInit) => Promise<Response>

export const address = '192.0.2.1'

/** What the application answers at `/me` itself, with every method that is left to it. */
export const ofApplication = 'the application'

/** Each framework by its name, and what ends the servers that listen. */
export async function mountEverywhere(
  auth: Auth,
  options: EndpointOptions = {},
): Promise<{ readonly asks: Readonly<Record<string, Ask>>; close(): Promise<void> }> {
  const at = `${options.prefix ?? ''}/me`
  const app = Fastify()
  await app.register(portcullis, { auth, ...options, prune: false })
  app.get(at, async () => ofApplication)
  const fastifyUrl = await app.listen({ port: 0, host: '127.0.0.1' })

  const expressApp = express()
    .use(expressEndpoints(auth, options))
    .get(at, (_request, response) => void response.send(ofApplication))
  const listener = expressApp.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  const handleNode = nodeOAuthEndpoints(auth, options)
  const server = createServer(async (request, response) => {
    if (await handleNode(request, response, request.socket.remoteAddress)) return
    const isOurs = request.method === 'GET' && request.url === at
    response.writeHead(isOurs ? 200 : 404).end(isOurs ? ofApplication : '')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const handle = oauthEndpoints(auth, options)
  const hono = new Hono()
    .use(honoEndpoints(auth, () => address, options))
    .get(at, (context) => context.text(ofApplication))
  const portOf = (listening: { address(): unknown }): number =>
    (listening.address() as { port: number }).port
  return {
    asks: {
      fastify: (path, init) => fetch(fastifyUrl + path, init),
      express: (path, init) => fetch(`http://127.0.0.1:${portOf(listener)}${path}`, init),
      node: (path, init) => fetch(`http://127.0.0.1:${portOf(server)}${path}`, init),
      hono: async (path, init) => await hono.request(path, init),
      web: async (path, init) =>
        (await handle(new Request(`http://localhost${path}`, init), address)) ??
        (init.method === 'GET' && path === at
          ? new Response(ofApplication)
          : new Response(null, { status: 404 })),
    },
    async close() {
      await app.close()
      listener.close()
      server.close()
    },
  }
}
