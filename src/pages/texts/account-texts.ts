/** What a page with a form says. */
export interface FormTexts {
  /** Its heading. */
  readonly title: string
  /** Below the heading. */
  readonly lead?: string
  /** What the main button says: a verb. */
  readonly button: string
}

/** What a page without a form says. */
export interface MessageTexts {
  readonly title: string
  readonly text: string
}

/** What a field says. */
export interface FieldTexts {
  readonly label: string
  readonly hint?: string
}

/** The pages with a form. */
export type AccountPageName =
  | 'register'
  | 'completeRegistration'
  | 'invitation'
  | 'forgotPassword'
  | 'resetPassword'
  | 'restoreEmail'

/** The fields that the forms have. */
export type AccountFieldName = 'email' | 'account' | 'token' | 'username' | 'password'

/** The texts of all pages of accounts in one language. */
export interface AccountTexts {
  /** The language (BCP 47). */
  readonly lang: string
  readonly form: {
    readonly correctOne: string
    readonly correctMany: string
    readonly show: string
    readonly hide: string
  }
  readonly pages: Readonly<Record<AccountPageName, FormTexts>>
  readonly fields: Readonly<Record<AccountFieldName, FieldTexts>>
  /** Below the name that an invitation may give. */
  readonly invitedName: string
  /** Below a new password. `least`: characters. */
  passwordHint(least: number): string
  /** What was done. `who`: the address or the name, as it was typed or is stored. */
  readonly done: {
    /** The same for every address. */
    register(who: string): MessageTexts
    /** The same for every address and name. */
    forgotPassword(who: string): MessageTexts
    account(who: string): MessageTexts
    readonly resetPassword: MessageTexts
    readonly restoreEmail: MessageTexts
  }
  /** A link that works no more. */
  readonly gone: MessageTexts
  /** In place of a form that was not sent from its page. */
  readonly foreign: MessageTexts
  /** In place of a form that could not be read. */
  readonly unreadable: MessageTexts
  /** In place of a page, after a mistake of the server. */
  readonly failed: MessageTexts
  readonly problems: {
    readonly missing: string
    /** A text that is neither a link nor its code. */
    readonly token: string
    /** Too many wrong links. `seconds`: until another one is looked at. */
    throttled(seconds: number): string
    /** The server has too much to do, or no database. `seconds`: until it may be otherwise. */
    unavailable(seconds: number): string
    /** A reason of the library, which says it in English. */
    reason(sentence: string): string
  }
  /** Links below a form or a message. */
  readonly links: {
    readonly haveLink: string
    readonly askAgain: string
    readonly open: string
    readonly newPassword: string
    /** Where there is no page to ask on. */
    readonly askInviter: string
    readonly askAdministrator: string
  }
}
