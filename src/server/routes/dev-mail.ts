import type { FastifyInstance, FastifyReply } from 'fastify'
import type { KeptMail, Mailbox } from '../../core/mail/mailbox.ts'
import { sendProblem } from '../../fastify/refusal-handler.ts'
import { issuerPath } from '../../http/endpoints/metadata.ts'
import { devMailListPage, devMailPage, type ShownMail } from '../../pages/dev-mail-page.ts'
import type { Page } from '../../pages/page.ts'

/** The mails that a server for development keeps. */
export async function devMailRoutes(
  scope: FastifyInstance,
  { mailbox, issuer }: { mailbox: Mailbox; issuer: string },
): Promise<void> {
  const path = `${issuerPath(issuer)}/dev/mail`
  const schema = { hide: true } as object

  scope.get('/dev/mail', { schema }, (_request, reply) =>
    sendPage(reply, devMailListPage(mailbox.mails.map(shown), path)),
  )

  scope.get<{ Params: { id: string } }>('/dev/mail/:id', { schema }, (request, reply) => {
    const mail = mailbox.mails.find(({ id }) => id === request.params.id)
    if (mail === undefined) return sendProblem(reply, 404, 'This mail is not kept any more.')
    return sendPage(reply, devMailPage(shown(mail), path))
  })
}

function shown({ from, ...mail }: KeptMail): ShownMail {
  return { ...mail, from: `${from.name} <${from.address}>` }
}

function sendPage(reply: FastifyReply, { html, contentSecurityPolicy }: Page): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-store',
    })
    .send(html)
}
