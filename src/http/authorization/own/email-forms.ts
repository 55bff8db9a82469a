import type { EmailChange, OwnRequest } from '../../../core/accounts/email-change.ts'
import type { LoginTexts } from '../../../pages/texts/login-texts.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import type { FlowForm } from '../flow-form.ts'
import { showCode, showEmailDone } from './email-view.ts'
import type { Visit } from './own-page.ts'

/** The forms of the change of an address. */
export type EmailFormName = 'request' | 'confirm' | 'again' | 'remove'

/** What a form was sent with, which is one of ours. */
interface EmailForm {
  readonly change: EmailChange
  readonly form: FlowForm
  /** The address that it is about, as it was typed; empty for none. */
  readonly email: string
}

/** Does what a form asks for. Rejects with what core refuses. */
type EmailSubmission = (visit: Visit, form: EmailForm) => Promise<EndpointAnswer>

/** What each of them does. */
export const emailForms: Readonly<Record<EmailFormName, EmailSubmission>> = {
  async request(visit, { change, email }) {
    await change.request({ ...ownRequest(visit), email })
    return showCode(visit, { email })
  },
  async confirm(visit, { change, form, email }) {
    const code = (form.get('code') ?? '').replace(/\s/g, '')
    if (code === '') {
      const failure = { status: 422, problem: missing }
      return showCode(visit, { email, failure })
    }
    const user = await change.confirm({ ...ownRequest(visit), code })
    return await showEmailDone(visit, user.email)
  },
  async again(visit, { change, email }) {
    await change.sendAgain(ownRequest(visit))
    return showCode(visit, { email, isSentAgain: true })
  },
  async remove(visit, { change }) {
    await change.remove(ownRequest(visit))
    return await showEmailDone(visit, null)
  },
}

const missing = ({ email }: LoginTexts): string => email.code.missing

function ownRequest({ request, browser: { session, user } }: Visit): OwnRequest {
  const { header, address, requestId } = request
  return {
    ...{ userId: user.id, sessionId: session.id, address, requestId },
    ...{ userAgent: header('user-agent'), locale: header('accept-language') ?? null },
  }
}
