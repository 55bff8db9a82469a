import type { EmailChange, OwnRequest } from '../../core/accounts/email-change.ts'
import type { BrowserSession } from '../../core/authorization/authorization.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { type EmailFormName, showCode, showEmailDone } from './email-view.ts'
import type { Flow } from './flow.ts'
import type { FlowForm } from './flow-form.ts'

/** What a form was sent with, which is one of ours. */
interface EmailForm {
  readonly change: EmailChange
  readonly form: FlowForm
  /** The address that it is about, as it was typed; empty for none. */
  readonly email: string
}

/** Does what a form asks for. Rejects with what core refuses. */
type EmailSubmission = (
  flow: Flow,
  request: EndpointRequest,
  browser: BrowserSession,
  form: EmailForm,
) => Promise<EndpointAnswer>

/** What each of them does. */
export const emailForms: Readonly<Record<EmailFormName, EmailSubmission>> = {
  async request(flow, request, browser, { change, email }) {
    await change.request({ ...ownRequest(request, browser), email })
    return showCode(flow, request, browser, { email })
  },
  async confirm(flow, request, browser, { change, form, email }) {
    const code = (form.get('code') ?? '').replace(/\s/g, '')
    if (code === '') {
      const failure = { status: 422, problem: missing }
      return showCode(flow, request, browser, { email, failure })
    }
    const user = await change.confirm({ ...ownRequest(request, browser), code })
    return showEmailDone(flow, request, user.email)
  },
  async again(flow, request, browser, { change, email }) {
    await change.sendAgain(ownRequest(request, browser))
    return showCode(flow, request, browser, { email, isSentAgain: true })
  },
  async remove(flow, request, browser, { change }) {
    await change.remove(ownRequest(request, browser))
    return showEmailDone(flow, request, null)
  },
}

const missing = ({ email }: ReturnType<Flow['textsFor']>): string => email.code.missing

function ownRequest(
  { header, address, requestId }: EndpointRequest,
  { session, user }: BrowserSession,
): OwnRequest {
  return {
    ...{ userId: user.id, sessionId: session.id, address, requestId },
    ...{ userAgent: header('user-agent'), locale: header('accept-language') ?? null },
  }
}
