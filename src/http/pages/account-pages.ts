import type { AccountPage } from './account-page.ts'
import { forgotPasswordPage, resetPasswordPage, restoreEmailPage } from './password-pages.ts'
import { completeRegistrationPage, invitationPage, registerPage } from './registration-pages.ts'

/** Every page for people who are not logged in. Each exists only where it is switched on. */
export const accountPages: readonly AccountPage[] = [
  registerPage,
  completeRegistrationPage,
  invitationPage,
  forgotPasswordPage,
  resetPasswordPage,
  restoreEmailPage,
]
