import { field } from './form.ts'
import { type Html, html } from './html.ts'
import { type LoginPageSetting, problemSummary } from './login-page.ts'
import { notice } from './notice.ts'
import { onceShownButtons, onceShownScript } from './once-shown.ts'
import { ownStyle } from './own-style.ts'
import { type Page, page } from './page.ts'
import { hiddenFields, type PostForm } from './post-form.ts'

/** What the page that asks for a second factor shows. It sends `code`. */
export interface FactorView extends LoginPageSetting, PostForm {
  /** Why the code was not accepted; null if none was sent. */
  readonly problem: string | null
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
export function factorPage(view: FactorView): Page {
  const { title, lead } = view.texts.factor
  return codePage(view, 'second-factor', title, html`<p>${lead}</p>\n`, true)
}

/** The page after the password, for whose role demands a second factor. */
export function factorSetUpPage(view: FactorSetUpView): Page {
  const { title, lead, secret, open } = view.texts.factorSetUp
  const { cancel } = view
  const above = html`<p>${view.lead ?? lead}</p>
<p><a href="${view.otpauthUri}">${open}</a></p>
<div class="qr" role="img" aria-label="${title}">${{ markup: view.qrSvg }}</div>
<p>${secret} <code>${view.secret.replace(/.{4}(?=.)/g, '$& ')}</code></p>
`
  const below =
    cancel === undefined ? html`` : html`<p><a href="${cancel.path}">${cancel.label}</a></p>\n`
  return codePage(view, 'second-factor-set-up', title, above, false, below)
}

function codePage(
  { site, texts, action, hidden, problem }: FactorView,
  kind: string,
  title: string,
  above: Html,
  takesRecovery: boolean,
  below: Html = html``,
): Page {
  const { code, hint, button } = texts.factor
  const input = field(
    {
      ...{ name: 'code', label: code, autocomplete: 'one-time-code' },
      ...(takesRecovery && { hint }),
    },
    [],
    null,
    problem === null,
  )
  const body = html`${problem === null ? '' : problemSummary(problem, 'code')}${above}<form method="post" action="${action}">
${hiddenFields(hidden)}${input}<button class="main">${button}</button>
</form>
${below}`
  return page({ ...{ title, body, site, lang: texts.lang, kind }, hasForm: true, style: ownStyle })
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
