// docs/http-api.md: every route of the ready server, read from its own OpenAPI document.

import type { AccountOptions } from '../src/core/accounts/account-options.ts'
import { createAuth } from '../src/core/auth.ts'
import { mailbox } from '../src/core/mail/mailbox.ts'
import { hostedLogin } from '../src/hosted-login/hosted-login.ts'
import { buildApp } from '../src/server/app.ts'
import { memory } from '../src/stores/memory/memory.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>
interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >
}

/** All that can be switched on, so that the page has it. */
const accounts: AccountOptions = {
  mailer: mailbox(),
  from: 'no-reply@example.com',
  registration: 'open',
  deletion: true,
}

/** The whole page. */
export async function describeRoutes(): Promise<string> {
  const auth = await createAuth({
    ...{ store: memory(), accounts, factors: { passkeys: true }, apiKeys: {} },
    ...{ issuer: 'http://localhost:8000', hostedLogin: hostedLogin() },
  })
  const app = await buildApp({ auth })
  const { paths, components } = (await app.inject('/openapi.json')).json() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
  }
  await app.close()
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      describe(`${method.toUpperCase()} ${path}`, operation),
    ),
  )
  const opening =
    'Every route of the ready server, made from its OpenAPI document (`/openapi.json`) by `npm run reference`.\nWhat they are for is in [The ready server](server.md). Those of registration, invitations, links, addresses and\ndeletion exist only where [a setting](configuration.md#accounts-and-mail) switches them on; so do those of\n[second factors](second-factors.md), of [API keys](api-keys.md) with their scheme `ApiKey`, and of\n[logins by browser](browser-login.md).'
  const schemas = Object.entries(components.schemas)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => describeSchema(name, schema))
  const kinds = [
    '## Schemas',
    'What bodies and answers hold, by the names that they have in the document. A field with `?` may be absent.',
  ]
  return `${['# HTTP routes', opening, ...routes, ...kinds, ...schemas].join('\n\n')}\n`
}

function describe(title: string, operation: Operation): string {
  const { summary, description, security = [], parameters = [], requestBody } = operation
  const { responses } = operation
  const schemes = [...new Set(security.flatMap((each) => Object.keys(each)))]
  const scopes = [...new Set(security.flatMap((each) => Object.values(each).flat()))]
  const takes = parameters.map(
    ({ name, in: place, required }) => `\`${name}\` (${place}${required ? ', required' : ''})`,
  )
  const bodies = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => `${typeOf(schema)}, as \`${type}\``,
  )
  return [
    `## \`${title}\``,
    summary,
    description,
    schemes.length > 0 &&
      `Credentials: ${schemes.map((name) => `\`${name}\``).join(' or ')}${scopes.length > 0 ? `, with ${scopes.map((name) => `\`${name}\``).join(', ')}` : ''}.`,
    takes.length > 0 && `Parameters: ${takes.join(', ')}.`,
    bodies.length > 0 && `Body: ${bodies.join('; or ')}.`,
    `| status | answer | body |\n|---|---|---|\n${Object.entries(responses)
      .map(([status, { description, content = {} }]) => {
        const types = Object.values(content).map(({ schema }) => typeOf(schema))
        return `| ${status} | ${cell(description)} | ${types.join(' or ')} |`
      })
      .join('\n')}`,
  ]
    .filter((part) => typeof part === 'string' && part !== '')
    .join('\n\n')
}

function describeSchema(name: string, schema: Schema): string {
  const { description, properties = {}, required = [] } = schema
  const fields = Object.entries(properties).map(
    ([field, each]) =>
      `| \`${field}\`${required.includes(field) ? '' : '?'} | ${typeOf(each)} | ${cell(each.description ?? '')} |`,
  )
  const isObject = schema.type === 'object'
  return [
    `### \`${name}\``,
    description,
    !isObject && `${typeOf(schema)}.`,
    fields.length > 0 && `| field | type | |\n|---|---|---|\n${fields.join('\n')}`,
  ]
    .filter((part) => typeof part === 'string' && part !== '')
    .join('\n\n')
}

function typeOf({ $ref, type = '', enum: values, items, anyOf }: Schema): string {
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? ''
    return `[\`${name}\`](#${name.toLowerCase()})`
  }
  if (items) return `list of ${typeOf(items)}`
  if (anyOf) return anyOf.map(typeOf).join(' or ')
  return values ? values.map((value) => `\`${value}\``).join(', ') : type
}

const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|')
