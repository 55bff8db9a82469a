// Compiled only: what `secured` of Hono and Express gives a handler, and that there is no way around it.

import express from 'express'
import { Hono } from 'hono'
import { hc } from 'hono/client'
import type { User } from '../../src/core/users/user.ts'
import * as forExpress from '../../src/express/index.ts'
import * as forHono from '../../src/hono/index.ts'
import type { Guards } from '../../src/http/guards/guards.ts'

declare const guards: Guards
const { activeUser, requireRole } = guards

// Hono: the value, the parameters of the path, and the answer for its client.

const app = new Hono().get(
  '/items/:id',
  forHono.secured(activeUser, (user: User, context) => {
    const id: string = context.req.param('id') ?? ''
    return context.json({ id, owner: user.username })
  }),
)
const answer = await hc<typeof app>('http://api.test').items[':id'].$get({ param: { id: '1' } })
const owner: string = (await answer.json()).owner
void owner
app.use('/admin/*', forHono.guarded(requireRole('admin')))

const noAnswer = (): number => 7
// @ts-expect-error a handler answers
forHono.secured(activeUser, noAnswer)
// @ts-expect-error a guard of a role is asked for by the role
app.use(forHono.guarded(requireRole))
// @ts-expect-error a user has no such property
forHono.secured(activeUser, (user, context) => context.json(user.passwordHash))

// Express: the value, the request, the answer and what comes next.

express().get(
  '/items/:id',
  forExpress.secured(activeUser, (user: User, request, response, next) => {
    if (request.query.skip) next()
    else response.json({ id: request.params.id, owner: user.username })
  }),
)
express().get<{ id: string }>(
  '/items/:id',
  forExpress.secured(activeUser, (_user, request, response) => {
    const id: string = request.params.id
    response.json({ id })
  }),
)
express().use(forExpress.guarded(requireRole('admin')))
// @ts-expect-error a guard of a role is asked for by the role
express().use(forExpress.guarded(requireRole))
// @ts-expect-error a user has no such property
forExpress.secured(activeUser, (user) => user.passwordHash)

// A guard that is called gives nothing before it is awaited.

// @ts-expect-error a promise has no role
void activeUser(new Request('http://api.test/')).role
