// Compiled only: what `secured` knows on an application with a logger of its own, or on HTTP/2.

import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import type { User } from '../../src/core/users/user.ts'
import { guarded } from '../../src/fastify/guarded.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { secured } from '../../src/fastify/secured.ts'
import type { Guards } from '../../src/http/guards/guards.ts'

declare const auth: Auth
declare const guards: Guards
declare const key: Buffer
/** As pino's is: more than Fastify asks for. */
declare const logger: FastifyBaseLogger & { readonly msgPrefix: string; flush(): void }
const { activeUser } = guards

const NewItem = Type.Object({ name: Type.String() })
const schema = { body: NewItem, response: { 201: Type.Object({ id: Type.Integer() }) } }

function check(_user: User, _name: string): void {}

const logged = Fastify({ loggerInstance: logger }).withTypeProvider<TypeBoxTypeProvider>()
await logged.register(portcullis, { auth })
await logged.register(guarded(activeUser, async (scope) => void scope.get('/', () => '')))
logged.get('/hook', { onRequest: activeUser }, () => '')
logged.get(
  '/me',
  secured(activeUser, (user) => user.username),
)
logged.post(
  '/items',
  { schema },
  secured(activeUser, async (user, request, reply) => {
    check(user, request.body.name)
    // @ts-expect-error the schema of the body has no such property
    request.body.colour
    reply.code(201)
    return { id: 1 }
  }),
)
logged.post(
  '/items/wrong',
  { schema },
  // @ts-expect-error the schema of the answer says that the id is a number
  secured(activeUser, async () => ({ id: 'one' })),
)

const plain = Fastify({ loggerInstance: logger })
plain.get(
  '/me',
  secured(activeUser, (user) => user.username),
)
plain.get<{ Params: { id: string } }>(
  '/items/:id',
  secured(activeUser, (user, request) => check(user, request.params.id)),
)

const http2 = Fastify({ http2: true }).withTypeProvider<TypeBoxTypeProvider>()
await http2.register(portcullis, { auth })
await http2.register(guarded(activeUser, async (scope) => void scope.get('/', () => '')))
http2.get('/hook', { onRequest: activeUser }, () => '')
http2.get(
  '/me',
  secured(activeUser, (user) => user.username),
)
http2.post(
  '/items',
  { schema },
  secured(activeUser, async (user, request, reply) => {
    check(user, request.body.name)
    // @ts-expect-error the schema of the body has no such property
    request.body.colour
    reply.code(201)
    return { id: 1 }
  }),
)
http2.post(
  '/items/wrong',
  { schema },
  // @ts-expect-error the schema of the answer says that the id is a number
  secured(activeUser, async () => ({ id: 'one' })),
)

const secure = Fastify({ http2: true, https: { key, cert: key }, loggerInstance: logger })
await secure.register(portcullis, { auth })
secure.get(
  '/me',
  secured(activeUser, (user) => user.username),
)

const https = Fastify({ https: { key, cert: key } })
await https.register(portcullis, { auth })
https.get(
  '/me',
  secured(activeUser, (user) => user.username),
)
