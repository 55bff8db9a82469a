import { field } from './form.ts'
import { type Html, html } from './html.ts'
import { type LoginPageSetting, problemSummary } from './login-page.ts'
import { named } from './named.ts'
import { notice } from './notice.ts'
import { onceShownButtons, onceShownScript } from './once-shown.ts'
import { ownStyle } from './own-style.ts'
import { type Page, page } from './page.ts'
import { type PasskeyAsk, passkeyPart, passkeyStyle } from './passkey-part.ts'
import { hiddenFields, type PostForm } from './post-form.ts'

/** What the page that asks for a second factor shows. It sends `code`. */
export interface FactorView extends LoginPageSetting, PostForm {
  /** Why the code was not accepted; null if none was sent. */
  readonly problem: string | null
  /** Sends `challenge_id` and `credential` in place of `code`. Null if passkeys are off, or the user has none. */
  readonly passkey: PasskeyAsk | null
}

/** What is asked of a user who has a second factor. */
export interface FactorChoiceView extends FactorView {
  /** False for passkeys alone: then `code` is a recovery code. */
  readonly hasApp: boolean
  /** Who wants a passkey; null if nobody does. */
  readonly askedBy: string | null
}

/** What the page shows on which a second factor is set up. It sends `code`. */
export interface FactorSetUpView extends FactorView {
  /** In base32. */
  readonly secret: string
  /** An SVG document of ours. */
  readonly qrSvg: string
  readonly otpauthUri: string
  /** What is said above. Default: that the account needs a second factor. */
  readonly lead?: string
  /** The way out: a link below. Default none. */
  readonly cancel?: { readonly path: string; readonly label: string }
}

/** What the page shows after that. */
export interface RecoveryCodesView extends LoginPageSetting {
  readonly codes: readonly string[]
  /** Where the browser goes on: a path on this server. */
  readonly url: string
  /** What has happened. Default: nothing is said. */
  readonly done?: string
  /** On the link. Default: as after a login. */
  readonly link?: string
}

/** The page after the password, for who has a second factor. */
export function factorPage(view: FactorChoiceView): Page {
  const { hasApp, askedBy, passkey } = view
  const { factor, passkey: words } = view.texts
  const lead = passkey === null ? factor.lead : hasApp ? words.leadOrCode : words.lead
  const why = askedBy === null || passkey === null ? '' : html`${named(words.asks, askedBy)} `
  return codePage(view, {
    ...{ kind: 'second-factor', title: factor.title, above: html`<p>${why}${lead}</p>\n` },
    ...{ use: words.use, look: passkey === null ? 'main' : 'quiet' },
    label: hasApp ? factor.code : words.recoveryCode,
    hint: hasApp ? factor.hint : words.recoveryHint,
  })
}

/** The page after the password, for whose role demands a second factor. */
export function factorSetUpPage(view: FactorSetUpView): Page {
  const { secret, open, ...app } = view.texts.factorSetUp
  const { cancel, passkey } = view
  const { setUp } = view.texts.passkey
  const title = passkey === null ? app.title : setUp.title
  const above = passkey === null ? html`` : html`<p>${setUp.lead}</p>\n`
  const lead =
    passkey === null
      ? html`<p>${view.lead ?? app.lead}</p>`
      : html`<h2>${setUp.app.title}</h2>\n<p>${setUp.app.text}</p>`
  const between = html`${lead}
<p><a href="${view.otpauthUri}">${open}</a></p>
<div class="qr" role="img" aria-label="${app.title}">${{ markup: view.qrSvg }}</div>
<p>${secret} <code>${view.secret.replace(/.{4}(?=.)/g, '$& ')}</code></p>
`
  const below =
    cancel === undefined ? html`` : html`<p><a href="${cancel.path}">${cancel.label}</a></p>\n`
  return codePage(view, {
    ...{ kind: 'second-factor-set-up', title, above, between, below, use: setUp.button },
    ...{ look: passkey === null ? 'main' : 'quiet', label: view.texts.factor.code },
  })
}

/** What differs between the pages that take a code or a passkey. */
interface CodePageParts {
  readonly kind: string
  readonly title: string
  readonly above: Html
  /** Between the button for a passkey and the field. */
  readonly between?: Html
  readonly below?: Html
  /** On the button for a passkey. */
  readonly use: string
  readonly label: string
  readonly hint?: string
  /** Of the button that sends the code. */
  readonly look: 'main' | 'quiet'
}

function codePage(
  { site, texts, action, hidden, problem, passkey }: FactorView,
  { kind, title, above, between, below, use, label, hint, look }: CodePageParts,
): Page {
  const input = field(
    { name: 'code', label, autocomplete: 'one-time-code', ...(hint !== undefined && { hint }) },
    [],
    null,
    problem === null && passkey === null,
  )
  const body = html`${problem === null ? '' : problemSummary(problem, 'code')}${above}<form method="post" action="${action}">
${hiddenFields(hidden)}${passkey === null ? '' : passkeyPart(passkey, use, 'main')}${between ?? ''}${input}<button class="${look}">${texts.factor.button}</button>
</form>
${below ?? ''}`
  return page({
    ...{ title, body, site, lang: texts.lang, kind, hasForm: true },
    style: passkey === null ? ownStyle : ownStyle + passkeyStyle,
    ...(passkey && { scripts: [passkey.script] }),
  })
}

/** The page with the codes that stand in for the factor. They are shown here alone. */
export function recoveryCodesPage(view: RecoveryCodesView): Page {
  const { site, texts, codes, url, done } = view
  const { title, lead, link, file, ...words } = texts.recoveryCodes
  const list = codes.map((each) => html`<li><code data-secret>${each}</code></li>`)
  const body = html`${done === undefined ? '' : notice(html`${done}`, 'success')}<p>${lead}</p>
<ul class="codes">${list}</ul>
${onceShownButtons(words, file)}<p><a href="${url}">${view.link ?? link}</a></p>
`
  return page({
    ...{ title, body, site, lang: texts.lang, kind: 'recovery-codes' },
    ...{ style: ownStyle, script: onceShownScript },
  })
}
