import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import type { AccountPageName } from '../../pages/texts/account-texts.ts'
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

/**
 * Where a browser finds a page: the application's own, else ours. Null where it is switched off, and for one of ours
 * that is not mounted.
 *
 * @param issuerPath Before the paths of ours; null if they are not mounted.
 */
export function linkToPage(
  auth: Auth,
  name: AccountPageName,
  issuerPath: string | null,
): string | null {
  const page = accountPages.find((each) => each.name === name)
  if (page?.isOn(auth.accounts) !== true) return null
  const own = auth[internals].accountSettings?.links?.[page.link]
  return own ?? (issuerPath === null ? null : issuerPath + page.path)
}
