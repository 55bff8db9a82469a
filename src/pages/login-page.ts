import { type Field, field } from './form.ts'
import { type Html, html } from './html.ts'
import { named } from './named.ts'
import { warningIcon } from './notice.ts'
import { type Page, page } from './page.ts'
import { type PasskeyAsk, passkeyPart, passkeyStyle } from './passkey-part.ts'
import { hiddenFields, type PostForm } from './post-form.ts'
import type { Site } from './site.ts'
import type { LoginTexts } from './texts/login-texts.ts'

/** Of whom a page of logging in is, and in which language. */
export interface LoginPageSetting {
  readonly site: Site
  readonly texts: LoginTexts
}

/** What the login page shows. It sends `username`, `password`, and `stay` with the value `on` if that is chosen. */
export interface LoginView extends LoginPageSetting, PostForm {
  /** Who asks for the login; null if nobody does. */
  readonly client: { readonly name: string } | null
  /** Why somebody logs in here who comes from no client. Default: nothing is said. */
  readonly lead?: string | undefined
  /** What the field has at first. */
  readonly username: string
  /** Why the form was not accepted; null if it was not sent. */
  readonly problem: string | null
  /** Paths on this server, or URLs of the application. */
  readonly links: { readonly forgotPassword?: string; readonly register?: string }
  /** True if the browser may keep the session. */
  readonly staySignedIn: boolean
  /** Sends `challenge_id` and `credential` in place of the password. Null if passkeys are off. */
  readonly passkey: PasskeyAsk | null
}

/** The page with username and password. After a failure the summary has the focus, and leads to the field. */
export function loginPage(view: LoginView): Page {
  const { site, texts, client, action, hidden, username, problem, links, staySignedIn, lead } = view
  const { passkey } = view
  const { login } = texts
  const first = username === '' ? 'username' : 'password'
  const fields: readonly Field[] = [
    {
      ...{ name: 'username', label: login.username, value: username },
      autocomplete: passkey === null ? 'username' : 'username webauthn',
    },
    {
      ...{ name: 'password', label: login.password, type: 'password' },
      autocomplete: 'current-password',
    },
  ]
  const inputs = fields.map((each) =>
    field(each, [], null, problem === null && each.name === first),
  )
  const why = client === null ? lead : named(login.lead, client.name)
  const body = html`${why === undefined ? '' : html`<p>${why}</p>\n`}${
    problem === null ? '' : problemSummary(problem, first)
  }<form method="post" action="${action}">
${hiddenFields(hidden)}${inputs}${staySignedIn ? checkbox('stay', login.stay) : ''}<button class="main">${login.button}</button>
${passkey === null ? '' : passkeyPart(passkey, texts.passkey.login, 'quiet')}</form>
${link(links.forgotPassword, login.forgotPassword)}${link(links.register, login.register)}`
  return page({
    ...{ title: login.title, body, site, lang: texts.lang },
    ...{ kind: 'login', hasForm: true },
    ...(passkey && { scripts: [passkey.script], style: passkeyStyle }),
  })
}

/** What is wrong, with the focus. It leads to a field, if there is one to be corrected. */
export function problemSummary(problem: string, fieldId?: string): Html {
  const text = fieldId === undefined ? html`${problem}` : html`<a href="#${fieldId}">${problem}</a>`
  return html`<div class="summary" role="alert" tabindex="-1" autofocus>${warningIcon}<p>${text}</p></div>
`
}

function checkbox(name: string, label: string): Html {
  return html`<label class="check"><input type="checkbox" name="${name}">${label}</label>
`
}

function link(path: string | undefined, label: string): Html {
  return path === undefined ? html`` : html`<p><a href="${path}">${label}</a></p>\n`
}
