import { type Html, html } from './html.ts'

/** What a page asks the browser for a passkey with. */
export interface PasskeyAsk {
  /** To show one, or to make one. */
  readonly kind: 'get' | 'create'
  /** What the browser is asked with, in JSON. */
  readonly publicKey: object
  readonly challengeId: string
  /** The path of the script. */
  readonly script: string
  /** Where a login page gets the next challenge; then the browser offers passkeys in its fields too. Default: none. */
  readonly renew?: string
  readonly says: PasskeySays
}

/** What the script says. */
export interface PasskeySays {
  /** No passkey was shown or made. */
  readonly failed: string
  /** The device has one for this account. */
  readonly known: string
  /** The page was opened at an address that passkeys are not made for. */
  readonly elsewhere: string
}

/** The value of `data-passkey`. It is not escaped. */
export function passkeyData({ kind, publicKey, renew, says }: PasskeyAsk): string {
  return JSON.stringify({ kind, publicKey, renew, says })
}

/** What a form is sent with beside the rest: the script fills in the credential. */
export function passkeyFields({ challengeId }: PasskeyAsk): Readonly<Record<string, string>> {
  return { challenge_id: challengeId, credential: '' }
}

/**
 * The button of a form that is sent with a passkey. It stays hidden where the browser has none.
 *
 * @param above What stays hidden with it. Default nothing.
 */
export function passkeyPart(
  ask: PasskeyAsk,
  label: string,
  look: 'main' | 'quiet',
  above: Html = html``,
): Html {
  const fields = Object.entries(passkeyFields(ask)).map(
    ([name, value]) =>
      html`<input type="hidden" name="${name}" value="${value}" autocomplete="off">`,
  )
  return html`${fields}<div class="passkey" data-passkey="${passkeyData(ask)}" hidden>${above}<button type="button" class="${look}">${label}</button><p class="hint" role="status"></p></div>
`
}

/** How the part looks. */
export const passkeyStyle = `.passkey { margin: 8px 0; }
.passkey button { width: 100%; }
.passkey + .field { margin-top: 24px; }
`
