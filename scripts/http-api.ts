// docs/http-api.md: every route of the ready server, read from its own OpenAPI document.

import { createAuth } from '../src/core/auth.ts'
import { buildApp } from '../src/server/app.ts'
import { memory } from '../src/stores/memory/memory.ts'

interface Schema {
  readonly type?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
}
interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[]
  readonly requestBody?: { content: Readonly<Record<string, { schema?: Schema }>> }
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

/** The whole page. */
export async function describeRoutes(): Promise<string> {
  const app = await buildApp({ auth: await createAuth({ store: memory() }) })
  const { paths } = (await app.inject('/openapi.json')).json() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  await app.close()
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      describe(`${method.toUpperCase()} ${path}`, operation),
    ),
  )
  const opening =
    'Every route of the ready server, made from its OpenAPI document (`/openapi.json`) by `npm run reference`.\nWhat they are for is in [The ready server](server.md).'
  return `${['# HTTP routes', opening, ...routes].join('\n\n')}\n`
}

function describe(title: string, operation: Operation): string {
  const { summary, description, security = [], parameters = [], requestBody } = operation
  const { responses } = operation
  const schemes = [...new Set(security.flatMap((each) => Object.keys(each)))]
  const scopes = [...new Set(security.flatMap((each) => Object.values(each).flat()))]
  const takes = parameters.map(
    ({ name, in: place, required }) => `\`${name}\` (${place}${required ? ', required' : ''})`,
  )
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema = {} }]) => {
    const fields = Object.keys(schema.properties ?? {}).map((name) =>
      schema.required?.includes(name) ? `\`${name}\`` : `\`${name}\`?`,
    )
    return `\`${type}\`${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`
  })
  return [
    `## \`${title}\``,
    summary,
    description,
    schemes.length > 0 &&
      `Credentials: ${schemes.map((name) => `\`${name}\``).join(' or ')}${scopes.length > 0 ? `, with ${scopes.map((name) => `\`${name}\``).join(', ')}` : ''}.`,
    takes.length > 0 && `Parameters: ${takes.join(', ')}.`,
    bodies.length > 0 && `Body: ${bodies.join('; or ')}.`,
    `| status | answer |\n|---|---|\n${Object.entries(responses)
      .map(([status, { description }]) => `| ${status} | ${cell(description)} |`)
      .join('\n')}`,
  ]
    .filter((part) => typeof part === 'string' && part !== '')
    .join('\n\n')
}

const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|')
