import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { FromSchema } from 'json-schema-to-ts'
import type { Invitation, Invitations, MadeInvitation } from '../../core/accounts/invitations.ts'
import type { User } from '../../core/users/user.ts'
import { secured } from '../../fastify/secured.ts'
import { Instant } from '../../http/endpoints/known-facts.ts'
import type { Guard } from '../../http/guards/guard.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { NextPage, NoContent, plainText, Role, readLimit, TextOrNull } from './schemas.ts'

const tags = ['admin']
const day = 86_400

const fields = {
  id: { type: 'string' },
  email: TextOrNull,
  username: TextOrNull,
  role: Role,
  invited_by: { ...TextOrNull, description: 'The id of the user who invited' },
  created_at: Instant,
  expires_at: Instant,
} as const
const names = ['id', 'email', 'username', 'role', 'invited_by', 'created_at', 'expires_at'] as const
const InvitationAnswer = {
  title: 'Invitation',
  type: 'object',
  required: names,
  properties: fields,
} as const
const MadeAnswer = {
  title: 'MadeInvitation',
  type: 'object',
  required: names,
  properties: {
    ...fields,
    link: { type: 'string', description: 'To be handed over. Shown once; absent if it was mailed' },
  },
} as const
const InvitationPage = {
  title: 'InvitationPage',
  type: 'object',
  required: ['invitations', 'next'],
  properties: { invitations: { type: 'array', items: InvitationAnswer }, next: NextPage },
} as const
const ReturnLink = {
  type: 'boolean',
  description: 'Show the link here, and mail nothing. Default false',
} as const
const NewInvitation = {
  title: 'NewInvitation',
  type: 'object',
  properties: {
    email: { type: 'string', description: 'Where the link is mailed' },
    username: { type: 'string', description: 'Default: the invited person chooses one' },
    role: Role,
    expires_in: {
      type: 'integer',
      minimum: 60,
      maximum: 30 * day,
      description: 'Seconds. Default 604800 (7 days)',
    },
    return_link: ReturnLink,
  },
  additionalProperties: false,
} as const
const Resending = {
  title: 'Resending',
  type: ['object', 'null'],
  properties: { return_link: ReturnLink },
  additionalProperties: false,
} as const
const InvitationId = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', pattern: plainText, description: 'The id of the invitation' },
  },
} as const
const noInvitation = { 404: 'There is no such invitation' } as const

/** Whom administrators invite. In the scope of the administrators' routes. */
export const invitationRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { invitations: Invitations; guards: Guards; recentWriter: Guard<User> }
}> = async (app, { invitations, guards, recentWriter }) => {
  const { requirePermission } = guards
  const usersReader = requirePermission('users:read')
  const usersWriter = requirePermission('users:write')

  app.get(
    '/invitations',
    {
      preValidation: readLimit,
      schema: {
        tags,
        operationId: 'listInvitations',
        summary: 'List invitations',
        success: 'A page of invitations that nobody has accepted',
        description: 'Oldest first, those that have expired too.',
        querystring: {
          type: 'object',
          properties: {
            after: {
              type: 'string',
              pattern: plainText,
              description: 'The `next` of the page before',
            },
            limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
          },
        },
        response: { 200: InvitationPage },
      },
    },
    secured(usersReader, async (_admin, { query: { after, limit } }) => {
      const listed = await invitations.list({
        limit: limit + 1,
        ...(after !== undefined && { after }),
      })
      const page = listed.slice(0, limit)
      const next = listed.length > limit ? (page.at(-1)?.id ?? null) : null
      return { invitations: page.map(invitationAnswer), next }
    }),
  )

  app.post(
    '/invitations',
    {
      schema: {
        tags,
        operationId: 'invite',
        summary: 'Invite somebody',
        success: 'The invitation',
        problems: {
          409: 'The username or the address is taken',
          422: 'The username, address or role is refused: `errors` has every reason',
        },
        description:
          'Mails a link, or shows it once: without an address, or where nothing is mailed.',
        body: NewInvitation,
        response: { 201: MadeAnswer },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
      const { expires_in, return_link, ...invitation } = request.body
      const made = await invitations.create(
        {
          ...invitation,
          ...{ expiresIn: expires_in, returnLink: return_link, invitedBy: admin.id },
        },
        originOf(admin, request),
      )
      return reply.code(201).send(madeAnswer(made))
    }),
  )

  app.post(
    '/invitations/:id/resend',
    {
      schema: {
        tags,
        operationId: 'resendInvitation',
        summary: 'Send an invitation again',
        success: 'The invitation, with a new life',
        problems: noInvitation,
        description: 'The older link ends.',
        params: InvitationId,
        body: Resending,
        response: { 202: MadeAnswer },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
      const returnLink = request.body?.return_link
      const by = originOf(admin, request)
      const made = await invitations.resend(request.params.id, { returnLink }, by)
      return reply.code(202).send(madeAnswer(made))
    }),
  )

  app.delete(
    '/invitations/:id',
    {
      schema: {
        tags,
        operationId: 'withdrawInvitation',
        summary: 'Withdraw an invitation',
        success: 'The link has ended',
        problems: noInvitation,
        params: InvitationId,
        response: { 204: NoContent },
      },
    },
    secured(usersWriter, async (admin, request, reply) => {
      await invitations.withdraw(request.params.id, originOf(admin, request))
      return reply.code(204).send(null)
    }),
  )
}

function invitationAnswer(invitation: Invitation): FromSchema<typeof InvitationAnswer> {
  const { id, email, username, role, invitedBy, createdAt, expiresAt } = invitation
  return {
    ...{ id, email, username, role, invited_by: invitedBy },
    ...{ created_at: createdAt, expires_at: expiresAt },
  }
}

function madeAnswer(made: MadeInvitation): FromSchema<typeof MadeAnswer> {
  return { ...invitationAnswer(made), ...(made.link !== null && { link: made.link }) }
}
