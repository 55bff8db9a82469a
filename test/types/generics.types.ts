// Compiled only: a route that says its types in Fastify's own generics, without a schema.

import Fastify from 'fastify'
import { secured } from '../../src/fastify/secured.ts'
import type { Guards } from '../../src/http/guards/guards.ts'

declare const guards: Guards
const { activeUser } = guards
const app = Fastify()

app.get<{ Params: { id: string }; Querystring: { page: number } }>(
  '/items/:id',
  secured(activeUser, (user, { params, query }) => {
    const page: number = query.page
    return `${user.username} ${params.id.length} ${page}`
  }),
)
app.post<{ Body: { name: string } }>(
  '/items',
  secured(activeUser, async (_user, { body }) => {
    // @ts-expect-error the body has no such member
    body.price
    return body.name.length
  }),
)
