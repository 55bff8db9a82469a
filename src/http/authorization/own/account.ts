import { internals } from '../../../core/internals.ts'
import { toUser } from '../../../core/users/user.ts'
import { accountPage } from '../../../pages/own-account-page.ts'
import type { OwnLinkName } from '../../../pages/texts/own-texts.ts'
import { exportOf } from '../../endpoints/own-deletion.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { flowHeaders, showError, showPage } from '../flow-answers.ts'
import { createOwnForms } from './own-forms.ts'
import type { OwnPage, Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'

/** The page that says who somebody is, and leads to the others. */
export const page: OwnPage = {
  name: 'account',
  steps: { '': { show } },
  forms: { export: { submit: handOut } },
}

async function show(visit: Visit): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const { auth, paths, ownPages } = flow
  const setting = settingOf(visit)
  const forms = createOwnForms(visit)
  const { username, email, emailVerifiedAt } = browser.user
  const { emailChange } = auth[internals].accountSettings?.links ?? {}
  const names = ['signIn', 'sessions', 'apps', 'keys', 'email', 'deletion'] as const
  const links = names
    .filter((name) => ownPages.has(name))
    .map((name): readonly [OwnLinkName, string] => [name, paths[name]])
  const page = accountPage({
    ...{ ...setting, username, logOut: paths.logout },
    email: email === null ? null : { address: email, isVerified: emailVerifiedAt !== null },
    links: {
      ...(emailChange !== undefined && auth.accounts.emailChange && { email: emailChange }),
      ...Object.fromEntries(links),
    },
    data: auth.accounts.deletion === null ? null : forms.form('export'),
  })
  return showPage(200, page, setting.texts, { cookies: forms.cookies })
}

/** A file with what is known of the user. */
async function handOut({ flow, request, browser }: Visit): Promise<EndpointAnswer> {
  const { auth } = flow
  if (auth.accounts.deletion === null) return showError(flow, request, 400, 'unreadable')
  const known = await exportOf(auth, toUser(browser.user))
  return {
    status: 200,
    headers: {
      ...flowHeaders,
      'content-type': 'application/json',
      'content-disposition': 'attachment; filename="account.json"',
      'x-content-type-options': 'nosniff',
    },
    body: JSON.stringify(known, null, 2),
  }
}
