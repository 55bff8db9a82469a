import { type Html, html } from './html.ts'
import { type LoginPageSetting, problemSummary } from './login-page.ts'
import { named } from './named.ts'
import { type Page, page } from './page.ts'
import { decisionForm, type PostForm, postForm } from './post-form.ts'

/** The client that asks. */
export interface AskingClient {
  readonly name: string
  /** Its home page; null for none, as with the others. */
  readonly uri: string | null
  /** A path on this server or a data URL. One elsewhere is not shown: its server would learn who is here. */
  readonly logo: string | null
  readonly policyUri: string | null
  readonly tosUri: string | null
  /** Where the browser goes with the answer: a host, or the scheme of a program. */
  readonly redirectHost: string
}

/** What the consent page shows. It sends `decision`: `allow` or `deny`. */
export interface ConsentView extends LoginPageSetting, PostForm {
  readonly client: AskingClient
  readonly username: string
  /** What the user has not allowed the client yet, in words. */
  readonly scopes: readonly string[]
  /** Sent for a login as somebody else. */
  readonly switchAccount: PostForm
  /** Why the question is asked once more. Default: it is not. */
  readonly problem?: string | null
}

/** The page that asks whether a client may have what it asks for. No button has the focus. */
export function consentPage(view: ConsentView): Page {
  const { site, texts, client, username, scopes, switchAccount, problem = null } = view
  const { consent } = texts
  const logo = client.logo !== null && isFromHere(client.logo) ? client.logo : null
  const body = html`${problem === null ? '' : problemSummary(problem)}${
    logo === null ? '' : html`<p><img class="client" src="${logo}" alt=""></p>\n`
  }<p>${named(consent.asks, client.name)}${scopes.length === 0 ? ` ${consent.nothing}` : ''}</p>
${scopes.length === 0 ? '' : html`<p>${consent.list}</p>\n${scopeList(scopes)}`}${clientLinks(view)}<p>${named(consent.returnsTo, client.redirectHost)}</p>
${decisionForm(view, consent)}${whoIsHere(texts.loggedInAs, username, texts.switchAccount, switchAccount)}`
  return page({
    ...{ title: consent.title, body, site, lang: texts.lang },
    ...{ kind: 'consent', hasForm: true, images: logo === null ? [] : [logo] },
  })
}

/** Scopes in words. */
export function scopeList(scopes: readonly string[]): Html {
  const items = scopes.map((scope) => html`<li>${scope}</li>`)
  return html`<ul>${items}</ul>
`
}

/** Who is logged in, and the way to a login as somebody else. */
export function whoIsHere(
  sentence: (name: string) => string,
  username: string,
  label: string,
  switchAccount: PostForm,
): Html {
  return html`<div class="who"><p>${named(sentence, username)}</p>
${postForm(switchAccount, { label, look: 'plain' })}</div>`
}

function clientLinks({ client, texts }: ConsentView): Html {
  const { website, policy, terms } = texts.consent
  const links = [
    { uri: client.uri, label: website },
    { uri: client.policyUri, label: policy },
    { uri: client.tosUri, label: terms },
  ].flatMap(({ uri, label }) =>
    uri !== null && isWebAddress(uri)
      ? [html`<li><a href="${uri}" target="_blank" rel="noopener noreferrer">${label}</a></li>`]
      : [],
  )
  return links.length === 0 ? html`` : html`<ul class="links">${links}</ul>\n`
}

function isFromHere(url: string): boolean {
  return /^\/(?![/\\])/.test(url) || /^data:image\//.test(url)
}

function isWebAddress(uri: string): boolean {
  return /^https?:$/.test(URL.parse(uri)?.protocol ?? '')
}
