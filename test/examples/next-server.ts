// Serves route handlers as Next.js does: by the folder that they are in and the method that they export.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { root } from '../house/sources.ts'

type Methods = Readonly<Record<string, ((request: Request) => Promise<Response>) | undefined>>

const directory = join(root, 'examples/next/app')
const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
const routes = await Promise.all(
  files
    .filter((file) => file.endsWith('route.ts'))
    .map(async (file) => {
      const path = file.replaceAll('\\', '/').replace(/\/route\.ts$/, '')
      const pattern = new RegExp(`^/${path.replace('[...path]', '.+')}$`)
      return { pattern, methods: (await import(join(directory, file))) as Methods }
    }),
)

async function fetch(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  const answer = routes.find(({ pattern }) => pattern.test(pathname))?.methods[request.method]
  return answer ? await answer(request) : new Response(null, { status: 404 })
}

serve({ fetch, port: 0 }, ({ port }) => console.log(`http://localhost:${port}`))
