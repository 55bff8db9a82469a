import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Auth } from '../../core/auth.ts'
import { existing } from '../../core/users/user.ts'
import { sendProblem } from '../../fastify/refusal-handler.ts'
import { secured } from '../../fastify/secured.ts'
import { IdentityAnswer, identityAnswer } from '../../http/endpoints/known-facts.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { noUser } from './answers.ts'
import { requireRecentWriter } from './recent-login.ts'
import { NoContent, plainText, UserId } from './schemas.ts'

const IdentityOfIssuer = {
  type: 'object',
  required: ['issuer', 'subject'],
  properties: {
    issuer: { type: 'string', pattern: plainText, description: 'The `iss` of its tokens, exactly' },
    subject: { type: 'string', pattern: plainText, description: 'The `sub` of its tokens' },
  },
  additionalProperties: false,
} as const
const NewIdentity = { title: 'NewIdentity', ...IdentityOfIssuer } as const
const IdentityList = {
  title: 'IdentityList',
  type: 'object',
  required: ['identities'],
  properties: { identities: { type: 'array', items: IdentityAnswer } },
} as const
const tags = ['admin']

/** Which users have which identities at other issuers. In the scope of the administrators' routes. */
export const identityRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; guards: Guards }
}> = async (app, { auth, guards }) => {
  const { users, identities } = auth
  const usersReader = guards.requirePermission('users:read')
  // An administrator who links an identity can be the user by it, without the second factor.
  const recentWriter = requireRecentWriter(auth, guards)

  app.get(
    '/users/:id/identities',
    {
      schema: {
        tags,
        operationId: 'listUserIdentities',
        summary: 'Whom another issuer knows a user as',
        success: 'The identities of the user',
        problems: noUser,
        params: UserId,
        response: { 200: IdentityList },
      },
    },
    secured(usersReader, async (_admin, request) => {
      const { id } = existing(await users.find(request.params.id))
      return { identities: (await identities.list(id)).map(identityAnswer) }
    }),
  )

  app.post(
    '/users/:id/identities',
    {
      schema: {
        tags,
        operationId: 'linkUserIdentity',
        summary: 'Link an identity to a user',
        success: 'The new link',
        problems: {
          ...noUser,
          409: 'The identity is linked already',
          422: 'There is no such issuer',
        },
        description: 'A caller with this identity is this user from the next request on.',
        params: UserId,
        body: NewIdentity,
        response: { 201: IdentityAnswer },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
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
        operationId: 'unlinkUserIdentity',
        summary: 'End the link of an identity',
        success: 'The link has ended',
        problems: { 404: 'This identity is not linked to this user' },
        params: UserId,
        querystring: IdentityOfIssuer,
        response: { 204: NoContent },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
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
