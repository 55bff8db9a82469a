// Compiled only: what guards take and give, and what must not compile.

import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyRequest } from 'fastify'
import type { Caller, CallingClient } from '../../src/core/clients/token-client.ts'
import type { User } from '../../src/core/users/user.ts'
import { all, type GuardValue, optional, refine } from '../../src/http/guards/combinators.ts'
import { type Guard, guard } from '../../src/http/guards/guard.ts'
import type { Guards } from '../../src/http/guards/guards.ts'
import { BearerError } from '../../src/http/refusal.ts'

declare const guards: Guards
declare const incoming: IncomingMessage
declare const fastifyRequest: FastifyRequest

const { activeUser, accessToken } = guards

// A guard takes the request of Fastify, Node and the web.

const fromFastify: Promise<User> = activeUser(fastifyRequest)
const fromNode: Promise<User> = activeUser(incoming)
const fromWeb: Promise<User> = activeUser(new Request('http://api.test/'))
void [fromFastify, fromNode, fromWeb]

// @ts-expect-error a request has headers
activeUser({})
// @ts-expect-error a guard is given the request, not the token
activeUser('token')
// @ts-expect-error a guard's value comes later
const now: User = activeUser(incoming)
void now

// It is an `onRequest` hook of Fastify as it stands.

Fastify().get('/', { onRequest: activeUser }, () => 'inside')
Fastify().get('/', { onRequest: [activeUser, accessToken] }, () => 'inside')
Fastify().addHook('onRequest', activeUser)

// It is made by our functions alone, which keep the type of its value.

const made: Guard<number> = guard(() => 1)
const later: Guard<number> = guard(async () => 1)
const named: Guard<string> = refine(activeUser, (user) => user.username)
const both: Guard<{ user: User; n: number }> = all({ user: activeUser, n: made })
const perhaps: Guard<number | null> = optional(later)
void [named, both, perhaps]

// @ts-expect-error a function is not a guard: it has no documentation
const plain: Guard<number> = async () => 1
void plain
// @ts-expect-error the value is a number
const text: Guard<string> = guard(() => 1)
void text
// @ts-expect-error a user has no such property
refine(activeUser, (user) => user.nickname)
// @ts-expect-error guards are given by name
all([activeUser])
// @ts-expect-error a value is not a guard
all({ user: 'alice' })
// @ts-expect-error there may be no value
const certain: Guard<number> = optional(made)
void certain

type Value = GuardValue<typeof both>
const value: Value = { user: await fromWeb, n: 1 }
// @ts-expect-error there is no such value
value.token

// A caller is a user or a client, and `kind` says which.

const caller: Caller = await guards.currentCaller(incoming)
const calling: Guard<Caller> = guards.requireCaller('items:read')
const client: Guard<CallingClient> = guards.requireClient('items:read')
if (caller.kind === 'client') {
  const permissions: readonly string[] = caller.client.permissions
  // @ts-expect-error a client is no user
  void [permissions, caller.user]
} else {
  const username: string = caller.user.username
  // @ts-expect-error a user is no client
  void [username, caller.client]
}
// @ts-expect-error which of the two it is must be asked first
void [calling, client, caller.user]
// @ts-expect-error a client has no role
refine(guards.currentClient, ({ role }) => role)
// @ts-expect-error a guard of permissions names one
guards.requireClient()
// @ts-expect-error a guard of clients gives no user
const user: Guard<User> = guards.requireClient('items:read')
void user

// A guard's documentation is read, not written.

// @ts-expect-error the documentation was made with the guard
made.documentation.optional = true
// @ts-expect-error so were its scopes
made.documentation.scopes.push('x')

// The codes of a challenge are those of RFC 6750.

new BearerError('invalid_token')
// @ts-expect-error RFC 6750 §3.1 has no such code
new BearerError('expired_token')
