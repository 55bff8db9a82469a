import type { FormTexts, MessageTexts } from './account-texts.ts'

/** What a page may say of the form that led to it. */
export type OwnNoticeName =
  | 'passwordChanged'
  | 'appAdded'
  | 'passkeyAdded'
  | 'factorRenamed'
  | 'factorRemoved'
  | 'keyEnded'
  | 'sessionEnded'
  | 'othersEnded'
  /** The form was sent before: nothing was done again. */
  | 'repeated'
  /** The form lay open for too long, or was of a login that has ended: nothing was done. */
  | 'expired'

/** The pages that the page of an account leads to. */
export type OwnLinkName = 'signIn' | 'keys' | 'sessions' | 'apps' | 'email' | 'deletion'

/** The texts of the pages for users who are logged in, in one language. */
export interface OwnTexts {
  /** The language (BCP 47). */
  readonly lang: string
  /** Above a login that must be of the last 5 minutes. */
  readonly login: string
  /** On the link to the page of the account. */
  readonly back: string
  readonly notices: Readonly<Record<OwnNoticeName, string>>
  readonly account: {
    readonly title: string
    readonly name: string
    readonly address: string
    readonly noAddress: string
    readonly unverified: string
    /** What each page is called, and what it is for. */
    readonly links: Readonly<Record<OwnLinkName, MessageTexts>>
    readonly data: FormTexts & { readonly lead: string }
    readonly logOut: string
  }
  readonly signIn: {
    readonly title: string
    readonly password: FormTexts & {
      readonly lead: string
      readonly current: string
      readonly chosen: string
      readonly missing: string
      /** In place of the form. */
      readonly none: string
    }
    readonly apps: FormTexts & {
      readonly lead: string
      readonly none: string
      readonly field: string
      /** What an app is called unless somebody says otherwise. */
      readonly usual: string
    }
    readonly setUp: { readonly lead: string; readonly cancel: string }
    readonly passkeys: FormTexts & {
      readonly lead: string
      readonly none: string
      readonly field: string
      /** What a passkey is called unless somebody says otherwise. */
      readonly usual: string
      /** In place of the button, where scripts are off. */
      readonly script: string
    }
    readonly factor: {
      added(day: string): string
      used(day: string): string
      readonly unused: string
      readonly rename: string
      readonly field: string
      readonly save: string
      readonly remove: string
    }
    readonly recovery: FormTexts & {
      left(count: number): string
      readonly lead: string
    }
    /** On the page with the codes of the first factor. */
    readonly firstFactor: string
    readonly kept: string
  }
  readonly keys: {
    readonly title: string
    readonly lead: string
    readonly none: string
    /** On the link to the form. */
    readonly make: string
    readonly form: FormTexts & {
      readonly name: string
      readonly nameHint: string
      readonly scopes: string
      readonly scopesHint: string
      readonly noScopes: string
      readonly everything: string
      readonly lifetime: string
      days(count: number): string
      readonly cancel: string
    }
    readonly made: {
      readonly title: string
      lead(name: string): string
      readonly copy: string
      readonly copied: string
      readonly kept: string
    }
    created(day: string): string
    expires(day: string): string
    expired(day: string): string
    used(day: string): string
    readonly unused: string
    readonly nothing: string
    readonly end: string
  }
  readonly sessions: {
    readonly title: string
    readonly lead: string
    readonly current: string
    readonly unknownProgram: string
    on(program: string, system: string): string
    readonly browser: string
    through(client: string): string
    from(address: string): string
    since(instant: string): string
    used(instant: string): string
    readonly end: string
    readonly logOut: string
    readonly others: FormTexts & { readonly lead: string }
  }
  readonly deletion: {
    readonly title: string
    /** @param day When the account is deleted. */
    lead(day: string): string
    readonly leadAtOnce: string
    readonly ends: string
    readonly button: string
    readonly cancel: string
    readonly done: {
      readonly title: string
      text(day: string): string
      readonly textAtOnce: string
    }
  }
}
