import type { AccountTexts, FormTexts, MessageTexts } from './account-texts.ts'

/** The scopes of OpenID Connect (Core §5.4, §11). */
export type OpenIdScopeName =
  | 'openid'
  | 'profile'
  | 'email'
  | 'address'
  | 'phone'
  | 'offline_access'

/** What an error page may be about. */
export type LoginErrorName =
  /** No client has this id. */
  | 'clientUnknown'
  /** The client may not use the authorization code flow. */
  | 'clientNotAllowed'
  | 'redirectMissing'
  | 'redirectUnregistered'
  /** `client_id` or `redirect_uri` is there twice. */
  | 'repeated'
  /** More than 8 KiB of parameters. */
  | 'tooLong'
  /** A form came without the cookie that was set with it, twice. */
  | 'cookiesOff'
  /** A form from another site. */
  | 'foreign'
  /** A form that is none. */
  | 'unreadable'
  /** By a method that is not taken. */
  | 'method'
  /** A mistake of ours. */
  | 'failed'

/** What pages say of passkeys. */
export interface PasskeyTexts {
  /** On the button of the login page. */
  readonly login: string
  /** On the button after the password. */
  readonly use: string
  /** Above it: for whom has passkeys alone, and for whom has an app too. */
  readonly lead: string
  readonly leadOrCode: string
  /** Above it, where the client wants a passkey. */
  asks(client: string): string
  readonly recoveryCode: string
  readonly recoveryHint: string
  /** The page for whose role demands a second factor. */
  readonly setUp: {
    readonly title: string
    readonly lead: string
    readonly button: string
    readonly app: MessageTexts
  }
  /** None was shown: said beside the button. */
  readonly failed: string
  /** None was made. */
  readonly notMade: string
  readonly known: string
  /** @param origin Where the pages are. */
  elsewhere(origin: string): string
}

/** The texts of all pages of logging in by browser, in one language. */
export interface LoginTexts {
  /** The language (BCP 47). */
  readonly lang: string
  readonly login: {
    readonly title: string
    /** @param client Its name, as with the others. */
    lead(client: string): string
    readonly username: string
    readonly password: string
    readonly stay: string
    readonly button: string
    readonly forgotPassword: string
    readonly register: string
  }
  /** The page after the password. */
  readonly factor: {
    readonly title: string
    readonly lead: string
    readonly code: string
    readonly hint: string
    readonly button: string
  }
  /** The same for whose role demands a second factor. */
  readonly factorSetUp: {
    readonly title: string
    readonly lead: string
    /** On the link that an app of the same device opens. */
    readonly open: string
    /** Before the secret. */
    readonly secret: string
  }
  readonly passkey: PasskeyTexts
  readonly recoveryCodes: {
    readonly title: string
    readonly lead: string
    readonly link: string
    readonly copy: string
    readonly copied: string
    readonly print: string
    readonly download: string
    /** What the download is called. */
    readonly file: string
  }
  readonly consent: {
    readonly title: string
    asks(client: string): string
    /** Before the list of scopes. */
    readonly list: string
    /** In place of the list. */
    readonly nothing: string
    returnsTo(host: string): string
    readonly website: string
    readonly policy: string
    readonly terms: string
    readonly deny: string
    readonly allow: string
  }
  readonly continue: {
    readonly title: string
    asks(client: string): string
    readonly advice: string
    readonly deny: string
    allow(username: string): string
  }
  loggedInAs(username: string): string
  readonly switchAccount: string
  readonly movingOn: { readonly title: string; readonly text: string; readonly link: string }
  readonly formPost: {
    readonly title: string
    text(client: string): string
    readonly button: string
  }
  readonly logout: {
    readonly question: { readonly title: string; readonly text: string; readonly button: string }
    readonly done: { readonly title: string; readonly text: string; back(client: string): string }
  }
  readonly apps: {
    readonly title: string
    readonly lead: string
    readonly none: string
    /** Before the day. */
    readonly since: string
    readonly withdraw: string
    withdrawn(client: string): string
  }
  /** The change of an e-mail address. */
  readonly email: {
    readonly title: string
    /** Above the login that it needs. */
    readonly login: string
    /** The address of today. */
    verified(address: string): string
    unverified(address: string): string
    readonly none: string
    readonly field: string
    readonly hint: string
    readonly send: string
    /** On the button below an address that is not verified. */
    readonly sendThere: string
    readonly remove: FormTexts & { readonly lead: string }
    readonly code: FormTexts & {
      /** The same for every address. */
      sent(address: string): string
      /** The same, where the address is not known. */
      readonly sentBefore: string
      readonly field: string
      readonly hint: string
      readonly missing: string
      readonly again: string
      /** After that. The same for every address. */
      readonly sentAgain: string
      readonly another: string
    }
    readonly done: { readonly title: string; text(address: string): string }
    readonly removed: MessageTexts
  }
  /** What a form with several fields says by itself. */
  readonly form: AccountTexts['form']
  /** Reasons why a form was not accepted. */
  readonly problems: {
    /** A reason of the library, which says it in English. */
    reason(sentence: string): string
    readonly missing: string
    readonly incorrect: string
    readonly codeIncorrect: string
    /** In place of a password. */
    readonly passkeyRefused: string
    /** The same: it has not verified its user. */
    readonly passkeyOneFactor: string
    /** After a password. */
    readonly passkeyIncorrect: string
    /** For the right password alone. */
    readonly inactive: string
    /** Too many failed attempts. `seconds`: until the next one is looked at. */
    throttled(seconds: number): string
    /** The server has too much to do, or no database. `seconds`: until it may be otherwise. */
    unavailable(seconds: number): string
    /** The form was open for too long, or its cookie is gone. */
    expired: string
    /** The second factor came too late, or was wrong too often. */
    loginEnded: string
    /** The consent page was shown to another user. */
    otherUser: string
  }
  readonly errors: Readonly<Record<LoginErrorName, MessageTexts>>
  /** The page where the server has too much to do, or no database. `seconds`: until it may be otherwise. */
  later(seconds: number): MessageTexts
  /** Before the id of a request. */
  readonly requestId: string
  readonly scopes: Readonly<Record<OpenIdScopeName, string>>
}

/**
 * Scopes in words: those of OpenID Connect in the language of the texts, permissions as the application has
 * described them, others by their name.
 */
export function scopesInWords(
  names: readonly string[],
  { scopes }: LoginTexts,
  permissions: Readonly<Record<string, string>>,
): readonly string[] {
  const known = new Map([...Object.entries(permissions), ...Object.entries(scopes)])
  return names.map((name) => known.get(name) || name)
}
