import type { AccountLinks } from '../../core/accounts/account-options.ts'
import type { Accounts } from '../../core/accounts/accounts.ts'
import type { RequestOrigin } from '../../core/accounts/request.ts'
import type {
  AccountFieldName,
  AccountPageName,
  AccountTexts,
  MessageTexts,
} from '../../pages/texts/account-texts.ts'

/** A field of a page. */
export interface PageField {
  readonly name: AccountFieldName
  /** True if it may be left empty. Default false. */
  readonly optional?: boolean
  /** Said below it. Default: what the texts say of the field. */
  readonly hint?: (texts: AccountTexts, minPasswordLength: number) => string
}

/** What was typed, without what was left empty. The token is read out of a link that was pasted. */
export type PageValues = Readonly<Partial<Record<AccountFieldName, string>>>

/** What a page says when a form was accepted. */
export interface PageDone {
  readonly says: MessageTexts
  /** The page to go on with, and what the link to it says. Default none. */
  readonly next?: { readonly page: AccountPageName; readonly label: 'haveLink' | 'newPassword' }
}

/** A page with a form, as data. It exists where `isOn` says so. */
export interface AccountPage {
  readonly name: AccountPageName
  /** Below the issuer. */
  readonly path: string
  /** The page of one's own that replaces it. */
  readonly link: keyof AccountLinks
  readonly isOn: (accounts: Accounts) => boolean
  readonly fields: readonly PageField[]
  /** The page that somebody goes on to who has a link already. Default: the link leads here. */
  readonly behindLink?: AccountPageName
  /** The page on which a new link is asked for. Default: none, see `withoutLink`. */
  readonly askAgainOn?: AccountPageName
  /** Says how somebody gets a new link where there is no such page. Default: nothing is said. */
  readonly withoutLink?: (texts: AccountTexts) => string
  /** Does what the form asks for. Rejects with the error to be shown. */
  readonly submit: (
    accounts: Accounts,
    values: PageValues,
    request: RequestOrigin,
  ) => Promise<(texts: AccountTexts) => PageDone>
}

/** A new password, with what it has to be. */
export const newPassword: PageField = {
  name: 'password',
  hint: (texts, minPasswordLength) => texts.passwordHint(minPasswordLength),
}
