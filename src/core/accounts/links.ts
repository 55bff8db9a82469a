import type { AccountLinks } from './account-options.ts'

/** The paths of the pages that the server has for links in mails. */
export const accountPaths: Readonly<Record<keyof AccountLinks, string>> = {
  registration: '/account/register',
  invitation: '/account/invitation',
  passwordResetRequest: '/account/forgot-password',
  passwordReset: '/account/reset-password',
  emailChange: '/account/email',
  emailRestore: '/account/restore-email',
  sessions: '',
}

/** Makes the links of mails. Nothing of a request comes into them. */
export interface LinkMaker {
  /** The page with the token in its fragment, which no server and no referrer sees. */
  withToken(page: keyof AccountLinks, token: string): string
  /** The page itself; null if there is none. */
  page(page: keyof AccountLinks): string | null
}

export function createLinkMaker(issuer: string, links: AccountLinks): LinkMaker {
  const base = issuer.replace(/\/$/, '')

  function page(name: keyof AccountLinks): string | null {
    const own = links[name]
    if (own !== undefined) return own
    return accountPaths[name] === '' ? null : base + accountPaths[name]
  }

  return { page, withToken: (name, token) => `${page(name)}#token=${token}` }
}
