import { accountPaths } from '../../core/accounts/links.ts'
import { type AccountPage, newPassword } from './account-page.ts'

/** Somebody gives an address. The answer is the same for every address. */
export const registerPage: AccountPage = {
  name: 'register',
  path: accountPaths.registration,
  link: 'registration',
  isOn: ({ registration }) => registration !== null,
  fields: [{ name: 'email' }],
  behindLink: 'completeRegistration',
  async submit({ registration }, { email = '' }, request) {
    await registration?.request({ email, ...request })
    return ({ done }) => ({
      says: done.register(email),
      next: { page: 'completeRegistration', label: 'haveLink' },
    })
  },
}

/** Somebody has the link that was mailed, and becomes a user. */
export const completeRegistrationPage: AccountPage = {
  name: 'completeRegistration',
  path: `${accountPaths.registration}/complete`,
  link: 'registration',
  isOn: ({ registration }) => registration !== null,
  fields: [{ name: 'token' }, { name: 'username' }, newPassword],
  askAgainOn: 'register',
  async submit({ registration }, { token = '', username, password = '' }, request) {
    const user = await registration?.complete({ token, username, password, ...request })
    return ({ done }) => ({ says: done.account(user?.username ?? '') })
  },
}

/** Somebody who is invited becomes a user. */
export const invitationPage: AccountPage = {
  name: 'invitation',
  path: accountPaths.invitation,
  link: 'invitation',
  isOn: ({ invitations }) => invitations !== null,
  fields: [
    { name: 'token' },
    { name: 'username', optional: true, hint: (texts) => texts.invitedName },
    newPassword,
  ],
  withoutLink: ({ links }) => links.askInviter,
  async submit({ invitations }, { token = '', username, password = '' }, request) {
    const user = await invitations?.accept({ token, username, password, ...request })
    return ({ done }) => ({ says: done.account(user?.username ?? '') })
  },
}
