// Serves on a free port of this machine and says where: in Bun, Deno and Node.js. No test.

import { serve as serveNode } from '@hono/node-server'

type Handler = (request: Request) => Promise<Response>

interface Listening {
  readonly port: number
}

/** What is used of the two. */
declare const Bun: { serve(options: object): Listening }
declare const Deno: { serve(options: object, handler: Handler): { readonly addr: Listening } }

const hostname = '127.0.0.1'
const say = (port: number): void => console.log(`http://${hostname}:${port}`)

export function serve(fetch: Handler): void {
  if ('Bun' in globalThis) say(Bun.serve({ hostname, port: 0, fetch }).port)
  else if ('Deno' in globalThis) Deno.serve({ hostname, port: 0, onListen: quiet }, fetch)
  else serveNode({ hostname, port: 0, fetch }, ({ port }) => say(port))
}

function quiet({ port }: Listening): void {
  say(port)
}
