import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Auth } from '../core/auth.ts'
import { secured } from '../fastify/secured.ts'
import { all } from '../http/guard.ts'
import type { Guards } from '../http/guards.ts'
import { NoContent, UserAnswer, userAnswer } from './schemas.ts'

/** What users do with their own account. */
export const meRoutes: FastifyPluginAsyncTypebox<{ auth: Auth; guards: Guards }> = async (
  app,
  { auth, guards: { currentUser, accessToken } },
) => {
  app.get(
    '/me',
    {
      schema: {
        tags: ['me'],
        summary: 'Who am I?',
        response: {
          200: Type.Interface([UserAnswer], {
            scope: Type.String({ description: 'What this access token may do' }),
          }),
        },
      },
    },
    secured(all({ user: currentUser, token: accessToken }), ({ user, token }) => ({
      ...userAnswer(user),
      scope: token.claims.scope,
    })),
  )

  app.put(
    '/me/password',
    {
      schema: {
        tags: ['me'],
        summary: 'Change my password',
        description: 'Ends every login of the user, this one too: log in again.',
        body: Type.Object(
          {
            old_password: Type.String({ format: 'password' }),
            new_password: Type.String({ format: 'password' }),
          },
          { additionalProperties: false },
        ),
        response: { 204: NoContent },
      },
    },
    secured(currentUser, async (user, request, reply) => {
      const { old_password, new_password } = request.body
      await auth.accounts.changePassword(user.id, old_password, new_password)
      return reply.code(204).send(null)
    }),
  )
}
