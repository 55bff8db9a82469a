import type { Deletion } from '../../../core/accounts/deletion.ts'
import { ThrottledError, type UserError } from '../../../core/errors.ts'
import { internals } from '../../../core/internals.ts'
import { deletionDonePage, deletionPage } from '../../../pages/own-deletion-page.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { type FormFailure, showPage } from '../flow-answers.ts'
import type { FlowForm } from '../flow-form.ts'
import { failureOf } from './own-failure.ts'
import { createOwnForms } from './own-forms.ts'
import { originOf } from './own-origin.ts'
import type { OwnPage, Visit } from './own-page.ts'
import { loginLead, settingOf } from './own-setting.ts'

/** The page on which users delete their account. */
export const page: OwnPage = {
  name: 'deletion',
  lead: loginLead,
  steps: { '': { isDangerous: true, show: async (visit) => show(visit) } },
  forms: { delete: { submit: remove } },
  explain,
}

function show(visit: Visit, failure?: FormFailure): EndpointAnswer {
  const { flow } = visit
  const { auth, paths } = flow
  const setting = settingOf(visit)
  const forms = createOwnForms(visit)
  const { deletionDelay = 0 } = auth[internals].accountSettings ?? {}
  const page = deletionPage({
    ...{ ...setting, remove: forms.form('delete'), keep: paths.account },
    deleteAt: deletionDelay === 0 ? null : auth.clock() + deletionDelay,
    problem: failure?.problem(setting.texts) ?? null,
  })
  return showPage(failure?.status ?? 200, page, setting.texts, { cookies: forms.cookies })
}

async function remove(visit: Visit): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const setting = settingOf(visit)
  // There is one where the page is.
  const { request } = flow.auth.accounts.deletion as Deletion
  const deleteAt = await request({ userId: browser.user.id, ...originOf(visit) })
  const page = deletionDonePage({
    ...{ ...setting, notice: null },
    deleteAt: deleteAt > flow.auth.clock() ? deleteAt : null,
  })
  return showPage(200, page, setting.texts, { cookies: [flow.cookies.session.clear()] })
}

/** The last administrator stays. */
async function explain(
  visit: Visit,
  _form: FlowForm,
  error: UserError | ThrottledError,
): Promise<EndpointAnswer | null> {
  const isOfForm = !(error instanceof ThrottledError) && error.code === 'last_admin'
  return isOfForm ? show(visit, failureOf(error)) : null
}
