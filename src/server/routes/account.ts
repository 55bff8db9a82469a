import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { FastifyRequest } from 'fastify'
import type { EmailChange, OwnRequest } from '../../core/accounts/email-change.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import type { User } from '../../core/users/user.ts'
import { secured } from '../../fastify/secured.ts'
import { Accepted, accepted, accountAnswer } from '../../http/endpoints/account-answers.ts'
import { all } from '../../http/guards/combinators.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { Forbidden } from '../../http/refusal.ts'
import { AccountAnswer } from './account-schemas.ts'
import { recentUser } from './recent-login.ts'
import { NoContent } from './schemas.ts'

const tags = ['me']
const NewEmail = {
  title: 'NewEmail',
  type: 'object',
  required: ['email'],
  properties: { email: { type: 'string' } },
  additionalProperties: false,
} as const
const EmailCode = {
  title: 'EmailCode',
  type: 'object',
  required: ['code'],
  properties: { code: { type: 'string', description: 'The 8 digits that were mailed' } },
  additionalProperties: false,
} as const
const sessionNeeded = { 403: 'The access token belongs to no session' } as const

/** What users do with their own address, if they may. */
export const emailRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { emailChange: EmailChange; guards: Guards }
}> = async (app, { emailChange, guards }) => {
  const me = all({ user: guards.activeUser, token: guards.accessToken })
  const recentMe = all({ user: recentUser(guards), token: guards.accessToken })

  app.put(
    '/me/email',
    {
      schema: {
        tags,
        operationId: 'changeMyEmail',
        summary: 'Change my e-mail address',
        success: 'Accepted, for every address',
        problems: { 422: 'This is no e-mail address', ...sessionNeeded },
        description:
          'Mails a code to the new address, and tells the old one. Nothing changes before the code comes back.',
        body: NewEmail,
        response: { 202: Accepted },
      },
    },
    secured(recentMe, async (caller, request, reply) => {
      await emailChange.request({ ...ownRequest(caller, request), email: request.body.email })
      return reply.code(202).send(accepted)
    }),
  )

  app.post(
    '/me/email/confirm',
    {
      schema: {
        tags,
        operationId: 'confirmMyEmail',
        summary: 'Confirm my e-mail address',
        success: 'The user, with the new address',
        problems: {
          409: 'Another user has verified the address',
          422: 'The code is not right, or it has ended',
          ...sessionNeeded,
        },
        description: 'In the session that asked. Ends every other login of the user.',
        body: EmailCode,
        response: { 200: AccountAnswer },
      },
    },
    secured(me, async (caller, request) => {
      const { code } = request.body
      return accountAnswer(await emailChange.confirm({ ...ownRequest(caller, request), code }))
    }),
  )

  app.delete(
    '/me/email',
    {
      schema: {
        tags,
        operationId: 'removeMyEmail',
        summary: 'Remove my e-mail address',
        success: 'The address is removed',
        problems: sessionNeeded,
        description: 'Ends every other login of the user.',
        response: { 204: NoContent },
      },
    },
    secured(recentMe, async (caller, request, reply) => {
      await emailChange.remove(ownRequest(caller, request))
      return reply.code(204).send(null)
    }),
  )

  app.post(
    '/me/email/verification',
    {
      schema: {
        tags,
        operationId: 'sendMyEmailCode',
        summary: 'Send the code again',
        success: 'Accepted; nothing is sent if there is nothing to confirm',
        problems: sessionNeeded,
        description: 'Of the change that waits, or for an address that is not verified yet.',
        response: { 202: Accepted },
      },
    },
    secured(me, async (caller, request, reply) => {
      await emailChange.sendAgain(ownRequest(caller, request))
      return reply.code(202).send(accepted)
    }),
  )
}

interface CallerWithToken {
  readonly user: User
  readonly token: AccessToken
}

/** @throws {Forbidden} for a token without a session, to which no code could be bound. */
function ownRequest({ user, token }: CallerWithToken, request: FastifyRequest): OwnRequest {
  const { sid } = token.claims
  if (sid === undefined) throw new Forbidden('This needs a login: the token belongs to no session')
  return { userId: user.id, sessionId: sid, ...originOfRequest(request) }
}

/** What the flows of accounts take of any request. */
export function originOfRequest({
  ip,
  id,
  headers,
}: FastifyRequest): Omit<OwnRequest, 'userId' | 'sessionId'> {
  return {
    ...{ address: ip, requestId: id, userAgent: headers['user-agent'] },
    locale: headers['accept-language'] ?? null,
  }
}
