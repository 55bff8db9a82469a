// Compiled only: what a route of `secured` knows, and what must not compile.

import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import type { User } from '../../src/core/users/user.ts'
import { guarded } from '../../src/fastify/guarded.ts'
import { secured } from '../../src/fastify/secured.ts'
import { all, optional } from '../../src/http/guards/combinators.ts'
import type { Guards } from '../../src/http/guards/guards.ts'

declare const guards: Guards
declare function expectType<Expected>(): <Actual>(
  value: Actual,
  ...mismatch: Same<Expected, Actual> extends true ? [] : ['not the expected type']
) => void
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

const { accessToken, activeUser, requirePermission, requireRole } = guards
const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()

const NewItem = Type.Object({ name: Type.String(), price: Type.Number() })
const Item = Type.Object({ id: Type.Integer(), owner: Type.String() })
const itemSchema = { body: NewItem, response: { 201: Item } }

// The user is the guard's value.

app.get(
  '/me',
  secured(activeUser, (user) => {
    expectType<User>()(user)
    return user.username
  }),
)
app.get(
  '/admin',
  secured(requireRole('admin', 'support'), async (user) => {
    expectType<User>()(user)
    return user.id
  }),
)
app.get(
  '/token',
  secured(accessToken, ({ claims, scopes }) => {
    expectType<string>()(claims.sub)
    expectType<readonly string[]>()(scopes)
  }),
)
app.get(
  '/me/secrets',
  // @ts-expect-error a guard's user has no password hash
  secured(activeUser, (user) => user.passwordHash),
)
app.get(
  '/me/nickname',
  // @ts-expect-error a user has no such property
  secured(activeUser, (user) => user.nickname),
)
app.get(
  '/me/rename',
  secured(activeUser, (user) => {
    // @ts-expect-error a guard's value is shared by all who ask for it, so it cannot be changed
    user.role = 'admin'
  }),
)

// The body, parameters and query are the route's.

app.post(
  '/items',
  { schema: itemSchema },
  secured(activeUser, async (user, request, reply) => {
    expectType<{ name: string; price: number }>()(request.body)
    reply.code(201)
    return { id: 1, owner: user.username }
  }),
)
app.post(
  '/items/colour',
  { schema: { body: NewItem } },
  secured(activeUser, (_user, request) => {
    // @ts-expect-error the schema of the body has no such property
    return request.body.colour
  }),
)
app.get(
  '/items/:id',
  { schema: { params: Type.Object({ id: Type.Integer() }) } },
  secured(activeUser, (_user, request) => {
    expectType<number>()(request.params.id)
    // @ts-expect-error the schema of the parameters says that the id is a number
    return request.params.id.toUpperCase()
  }),
)
app.get(
  '/items',
  { schema: { querystring: Type.Object({ limit: Type.Optional(Type.Integer()) }) } },
  secured(activeUser, (_user, { query }) => {
    expectType<number | undefined>()(query.limit)
    // @ts-expect-error the limit may be absent
    return query.limit + 1
  }),
)

// The answer is what the route's schema says.

app.post(
  '/items/wrong-answer',
  { schema: itemSchema },
  // @ts-expect-error the schema of the answer says that the id is a number
  secured(activeUser, (user) => ({ id: 'one', owner: user.username })),
)
app.post(
  '/items/short-answer',
  { schema: itemSchema },
  // @ts-expect-error the schema of the answer says that there is an owner
  secured(activeUser, async () => ({ id: 1 })),
)
app.post(
  '/items/wrong-send',
  { schema: itemSchema },
  secured(activeUser, async (_user, _request, reply) => {
    // @ts-expect-error the schema of the answer says that the id is a number
    return reply.code(201).send({ id: 'one', owner: 'alice' })
  }),
)
app.post(
  '/items/wrong-status',
  { schema: itemSchema },
  secured(activeUser, async (_user, _request, reply) => {
    // @ts-expect-error the schema knows no answer with this status
    return reply.code(202).send({ id: 1, owner: 'alice' })
  }),
)

// Only a guard guards.

const plain = async (): Promise<{ username: string }> => ({ username: 'alice' })
app.get(
  '/plain',
  // @ts-expect-error a plain function runs more than once, and documents nothing
  secured(plain, (user) => user.username),
)
// @ts-expect-error a scope's guard must be a guard too
app.register(guarded(plain, async () => {}))

const handler = (user: User): string => user.username
// @ts-expect-error the guard comes first
app.get('/swapped', secured(handler, activeUser))
// @ts-expect-error a handler is needed
app.get('/nothing', secured(activeUser))

app.register(
  guarded(activeUser, async (scope) => {
    scope.get('/', () => 'inside')
  }),
  { prefix: '/inside' },
)

// Several guards give their values by name.

app.get(
  '/both',
  secured(all({ user: activeUser, token: accessToken }), ({ user, token }) => {
    expectType<User>()(user)
    return token.claims.jti
  }),
)
app.get(
  '/misnamed',
  // @ts-expect-error all() has no value of this name
  secured(all({ user: activeUser, token: accessToken }), ({ account }) => account),
)
app.get(
  '/mixed-up',
  // @ts-expect-error the token is not the user
  secured(all({ user: activeUser, token: accessToken }), ({ token }) => token.username),
)

// Without credentials there may be no user.

app.get(
  '/greeting',
  secured(optional(activeUser), (user) => {
    expectType<User | null>()(user)
    return user?.username ?? 'stranger'
  }),
)
app.get(
  '/greeting/careless',
  // @ts-expect-error there may be no user
  secured(optional(activeUser), (user) => user.username),
)

// A guard that requires nothing would let everybody in.

// @ts-expect-error a role is needed
requireRole()
// @ts-expect-error a permission is needed
requirePermission()
const roles: string[] = []
// @ts-expect-error a list may be empty
requireRole(...roles)
// @ts-expect-error a list may be empty
requirePermission(...roles)
