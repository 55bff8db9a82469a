import { accountPaths } from '../../core/accounts/links.ts'
import { type AccountPage, newPassword } from './account-page.ts'

/** Somebody has forgotten a password. The answer is the same for every text. */
export const forgotPasswordPage: AccountPage = {
  name: 'forgotPassword',
  path: accountPaths.passwordResetRequest,
  link: 'passwordResetRequest',
  isOn: ({ passwordReset, passwordResetByMail }) => passwordReset !== null && passwordResetByMail,
  fields: [{ name: 'account' }],
  behindLink: 'resetPassword',
  async submit({ passwordReset }, { account = '' }, request) {
    await passwordReset?.request({ account, ...request })
    return ({ done }) => ({
      says: done.forgotPassword(account),
      next: { page: 'resetPassword', label: 'haveLink' },
    })
  },
}

/** Somebody has the link, and chooses a new password. It logs nobody in. */
export const resetPasswordPage: AccountPage = {
  name: 'resetPassword',
  path: accountPaths.passwordReset,
  link: 'passwordReset',
  isOn: ({ passwordReset }) => passwordReset !== null,
  fields: [{ name: 'token' }, newPassword],
  askAgainOn: 'forgotPassword',
  withoutLink: ({ links }) => links.askAdministrator,
  async submit({ passwordReset }, { token = '', password = '' }, request) {
    await passwordReset?.complete({ token, password, ...request })
    return ({ done }) => ({ says: done.resetPassword })
  },
}

/** Somebody has the link that went to an address which was replaced, and takes that back. */
export const restoreEmailPage: AccountPage = {
  name: 'restoreEmail',
  path: accountPaths.emailRestore,
  link: 'emailRestore',
  isOn: ({ emailChange }) => emailChange !== null,
  fields: [{ name: 'token' }],
  withoutLink: ({ links }) => links.askAdministrator,
  async submit({ emailChange }, { token = '' }, request) {
    await emailChange?.restore({ token, ...request })
    return ({ done }) => ({
      says: done.restoreEmail,
      next: { page: 'forgotPassword', label: 'newPassword' },
    })
  },
}
