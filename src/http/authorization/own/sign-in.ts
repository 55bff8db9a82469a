import { ThrottledError, type UserError } from '../../../core/errors.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { isFresh } from '../browser-session.ts'
import type { FlowForm } from '../flow-form.ts'
import { failureOf } from './own-failure.ts'
import { showDone } from './own-notice.ts'
import { originOf, renewedCookie } from './own-origin.ts'
import type { OwnPage, Visit } from './own-page.ts'
import { loginLead } from './own-setting.ts'
import { factorForms } from './sign-in-factors.ts'
import { addPasskeyForm } from './sign-in-passkeys.ts'
import { showSetUp, showSignIn } from './sign-in-view.ts'

/** The page with the ways in which a user logs in. All of it is what a stolen session must not change. */
export const page: OwnPage = {
  name: 'signIn',
  lead: loginLead,
  steps: { '': { isDangerous: true, show: (visit) => showSignIn(visit) } },
  forms: { password: { submit: changePassword }, ...factorForms, addPasskey: addPasskeyForm },
  explain,
}

async function changePassword(visit: Visit, form: FlowForm): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const [oldPassword, newPassword] = [form.get('current') ?? '', form.get('password') ?? '']
  if (oldPassword === '' || newPassword === '') {
    return await showSignIn(visit, { status: 422, missing: true })
  }
  const { user, session } = browser
  const change = { oldPassword, newPassword, keepSession: session.id, ...originOf(visit) }
  await flow.auth.users.changePassword(user.id, { address: undefined, ...change })
  return showDone(visit, { what: 'passwordChanged' }, await renewedCookie(visit))
}

/** The page, or the step of the set-up, with what was wrong. */
async function explain(
  visit: Visit,
  form: FlowForm,
  error: UserError | ThrottledError,
): Promise<EndpointAnswer | null> {
  const failure = failureOf(error)
  const code = error instanceof ThrottledError ? 'password_incorrect' : error.code
  if (code === 'code_incorrect') return showSetUp(visit, form, failure)
  // What ends a set-up may take longer than the login is recent, and the page needs that.
  if (!isFresh(visit.flow.auth, visit.browser)) return null
  switch (code) {
    case 'password_incorrect':
      return await showSignIn(visit, { ...failure, field: 'current' })
    case 'password_refused':
      return await showSignIn(visit, { ...failure, field: 'password' })
    case 'factor_invalid':
      return await showSignIn(visit, { ...failure, form })
    case 'factor_unknown':
    case 'factor_needed':
    case 'last_factor':
    case 'challenge_ended':
    case 'passkey_refused':
    case 'passkey_known':
      return await showSignIn(visit, failure)
    default:
      return null
  }
}
