import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Auth } from '../../core/auth.ts'
import { OAuthError, UnavailableError, UserError } from '../../core/errors.ts'
import { bytesOf, readBodiesAsBytes } from '../../fastify/form-body.ts'
import { logUnavailable } from '../../fastify/refusal-handler.ts'
import { answerError } from '../../http/error-answers.ts'
import { formMaxBytes, parseForm } from '../../http/form.ts'
import { isLater, type LaterError, laterText, retryAfter } from '../../http/pages/page-answers.ts'
import type { Page } from '../../pages/page.ts'
import {
  type SetupForm,
  setupDonePage,
  setupFormPage,
  setupGonePage,
} from '../../pages/setup-page.ts'
import { textsIn } from '../../pages/texts/texts.ts'
import type { Setup } from '../setup.ts'

/** The page on which the first administrator is created. */
export async function setupRoutes(
  scope: FastifyInstance,
  { auth, setup, docs }: { auth: Auth; setup: Setup; docs: boolean },
): Promise<void> {
  readBodiesAsBytes(scope)

  function sendForm(reply: FastifyReply, status: number, form: Partial<SetupForm>): FastifyReply {
    const hint = `At least ${auth.passwordPolicy.minLength} characters; four or more unrelated words are good.`
    const empty = { code: '', username: '', problems: [], minPasswordHint: hint }
    return sendPage(reply, status, setupFormPage({ ...empty, ...form }))
  }

  /** Another process may have made the first user. Then the code is used up here too. */
  async function isOpen(): Promise<boolean> {
    if (setup.state() === 'open' && (await auth.users.counts()).total > 0) setup.close()
    return setup.state() === 'open'
  }

  scope.get('/setup', { schema: { hide: true } as object }, async (request, reply) => {
    try {
      return (await isOpen()) ? sendForm(reply, 200, {}) : sendGone(reply, setup, docs)
    } catch (error) {
      if (isLater(error)) return sendLater(request, reply, error, {})
      throw error
    }
  })

  scope.post(
    '/setup',
    { schema: { hide: true } as object, bodyLimit: formMaxBytes },
    async (request, reply) => {
      const form = readForm(request.headers['content-type'], bytesOf(request.body))
      try {
        return await create(request, reply, form)
      } catch (error) {
        if (!isLater(error)) throw error
        const { code = '', username = '' } = form ?? {}
        return sendLater(request, reply, error, { code, username })
      }
    },
  )

  async function create(
    request: FastifyRequest,
    reply: FastifyReply,
    form: SentForm | null,
  ): Promise<FastifyReply> {
    if (!(await isOpen())) return sendGone(reply, setup, docs)
    if (form === null) {
      const text = 'The form could not be read: send it again.'
      return sendForm(reply, 400, { problems: [{ field: null, text }] })
    }
    const { code, username, password, repeated } = form
    if (!setup.admits(code)) {
      const text = 'The set-up code is not right: open the link that the server printed.'
      return sendForm(reply, 403, { username, problems: [{ field: 'code', text }] })
    }
    if (password !== repeated) {
      const text = 'The passwords differ.'
      return sendForm(reply, 422, { code, username, problems: [{ field: 'repeated', text }] })
    }
    try {
      const role = auth.roles.administrative[0] as string
      const user = await auth.users.createFirst(
        { username, password, role },
        { actor: 'setup', address: request.ip, requestId: request.id },
      )
      setup.close()
      if (user === null) return sendGone(reply, setup, docs)
      request.log.info({ user: user.id }, 'the first administrator was created')
      return sendPage(reply, 201, setupDonePage(user.username, docs))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      const field = error.code.startsWith('username_') ? 'username' : 'password'
      const problems = error.problems.map((text) => ({ field, text }) as const)
      return sendForm(reply, 422, { code, username, problems })
    }
  }

  /** The same form may be accepted later. */
  function sendLater(
    request: FastifyRequest,
    reply: FastifyReply,
    error: LaterError,
    form: Partial<SetupForm>,
  ): FastifyReply {
    if (error instanceof UnavailableError) logUnavailable(request, error)
    const problems = [{ field: null, text: laterText(error, textsIn('en')) }]
    reply.headers(retryAfter(error))
    return sendForm(reply, answerError(error)?.status ?? 503, { ...form, problems })
  }
}

type SentForm = Readonly<Record<'code' | 'username' | 'password' | 'repeated', string>>

function sendGone(reply: FastifyReply, setup: Setup, docs: boolean): FastifyReply {
  const reason = setup.state() === 'expired' ? 'expired' : 'used'
  return sendPage(reply, 410, setupGonePage(reason, docs))
}

function sendPage(
  reply: FastifyReply,
  status: number,
  { html, contentSecurityPolicy }: Page,
): FastifyReply {
  return reply
    .code(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-store',
    })
    .send(html)
}

function readForm(contentType: string | undefined, body: Uint8Array): SentForm | null {
  try {
    const parameters = parseForm(contentType, body)
    const read = (name: string): string => parameters.get(name) ?? ''
    return {
      code: read('code'),
      username: read('username'),
      password: read('password'),
      repeated: read('repeated'),
    }
  } catch (error) {
    if (error instanceof OAuthError) return null
    throw error
  }
}
