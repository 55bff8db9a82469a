import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Auth } from '../core/auth.ts'
import { AccountError } from '../core/errors.ts'
import type { IdentityRecord } from '../core/store.ts'
import { sendProblem } from '../fastify/refusal-handler.ts'
import { secured } from '../fastify/secured.ts'
import type { Guards } from '../http/guards.ts'
import { originOf } from './event-log.ts'
import { NoContent, plainText } from './schemas.ts'

const Id = Type.Object({
  id: Type.String({ pattern: plainText, description: 'The id of the user' }),
})
const Identity = Type.Object(
  {
    issuer: Type.String({ pattern: plainText, description: 'The `iss` of its tokens, exactly' }),
    subject: Type.String({ pattern: plainText, description: 'The `sub` of its tokens' }),
  },
  { additionalProperties: false },
)
const IdentityAnswer = Type.Object({
  issuer: Type.String(),
  subject: Type.String(),
  created_at: Type.Integer({ description: 'Seconds since 1970-01-01T00:00:00Z' }),
})
const tags = ['admin']

/** Which users have which identities at other issuers. In the scope of the administrators' routes. */
export const identityRoutes: FastifyPluginAsyncTypebox<{ auth: Auth; guards: Guards }> = async (
  app,
  { auth: { accounts, identities }, guards: { requirePermission } },
) => {
  const usersReader = requirePermission('users:read')
  const usersWriter = requirePermission('users:write')

  app.get(
    '/users/:id/identities',
    {
      schema: {
        tags,
        summary: 'Whom another issuer knows a user as',
        params: Id,
        response: { 200: Type.Object({ identities: Type.Array(IdentityAnswer) }) },
      },
    },
    secured(usersReader, async (_admin, request) => {
      if ((await accounts.find(request.params.id)) === null) {
        throw new AccountError('user_unknown', ['There is no such user.'])
      }
      return { identities: (await identities.list(request.params.id)).map(identityAnswer) }
    }),
  )

  app.post(
    '/users/:id/identities',
    {
      schema: {
        tags,
        summary: 'Link an identity to a user',
        description: 'Whoever has the identity is this user from the next request on.',
        params: Id,
        body: Identity,
        response: { 201: IdentityAnswer },
      },
    },
    secured(usersWriter, async (admin, request, reply) => {
      const { issuer, subject } = request.body
      const linked = await identities.link(
        request.params.id,
        issuer,
        subject,
        originOf(admin, request),
      )
      return reply.code(201).send(identityAnswer(linked))
    }),
  )

  app.delete(
    '/users/:id/identities',
    {
      schema: {
        tags,
        summary: 'End the link of an identity',
        params: Id,
        querystring: Identity,
        response: { 204: NoContent },
      },
    },
    secured(usersWriter, async (admin, request, reply) => {
      const { issuer, subject } = request.query
      const ended = await identities.unlink(
        request.params.id,
        issuer,
        subject,
        originOf(admin, request),
      )
      return ended
        ? reply.code(204).send(null)
        : sendProblem(reply, 404, 'This identity is not linked to this user.')
    }),
  )
}

function identityAnswer(identity: IdentityRecord): Type.Static<typeof IdentityAnswer> {
  const { issuer, subject, createdAt } = identity
  return { issuer, subject, created_at: createdAt }
}
