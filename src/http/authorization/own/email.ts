import type { EmailChange } from '../../../core/accounts/email-change.ts'
import { ThrottledError, type UserError } from '../../../core/errors.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import type { FlowForm } from '../flow-form.ts'
import { type EmailFormName, emailForms } from './email-forms.ts'
import { showCode, showEmail } from './email-view.ts'
import { failureOf } from './own-failure.ts'
import type { OwnForm, OwnPage, Visit } from './own-page.ts'
import { readTyped } from './own-typed.ts'

/** The page on which users change their e-mail address. */
export const page: OwnPage = {
  name: 'email',
  lead: ({ email }) => email.login,
  steps: {
    '': { isDangerous: true, show: async (visit) => showEmail(visit, typedIn(visit, 'request')) },
    code: { isDangerous: true, show: async (visit) => showCode(visit, typedIn(visit, 'confirm')) },
  },
  forms: {
    request: formOf('request'),
    remove: formOf('remove'),
    confirm: { ...formOf('confirm'), step: 'code', bound: ['email'] },
    again: { ...formOf('again'), step: 'code', bound: ['email'] },
  },
  explain,
}

/** The address that was typed before a login, which both steps show. */
function typedIn(visit: Visit, name: EmailFormName): { readonly email: string } {
  return { email: readTyped(visit, name).get('email') ?? '' }
}

function formOf(name: EmailFormName): OwnForm {
  return {
    keeps: (field) => field === 'email',
    async submit(visit, form) {
      // There is one where the page is.
      const change = visit.flow.auth.accounts.emailChange as EmailChange
      return await emailForms[name](visit, { change, form, email: form.get('email') ?? '' })
    },
  }
}

/** The form with what is wrong, at its field. */
async function explain(
  visit: Visit,
  form: FlowForm,
  error: UserError | ThrottledError,
): Promise<EndpointAnswer | null> {
  if (error instanceof ThrottledError) return null
  const [email, failure] = [form.get('email') ?? '', failureOf(error)]
  if (error.code === 'code_incorrect') return showCode(visit, { email, failure })
  if (error.code === 'email_invalid' || error.code === 'email_taken') {
    return showEmail(visit, { email, failure })
  }
  return null
}
