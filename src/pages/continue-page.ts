import { whoIsHere } from './consent-page.ts'
import { html } from './html.ts'
import { type LoginPageSetting, problemSummary } from './login-page.ts'
import { named } from './named.ts'
import { type Page, page } from './page.ts'
import { decisionForm, type PostForm } from './post-form.ts'

/** What the page before a program of this device shows. It sends `decision`: `allow` or `deny`. */
export interface ContinueView extends LoginPageSetting, PostForm {
  readonly client: { readonly name: string }
  readonly username: string
  /** Sent for a login as somebody else. */
  readonly switchAccount: PostForm
  /** Why the question is asked once more. Default: it is not. */
  readonly problem?: string | null
}

/**
 * The page that asks for one click, before a program gets the login that is there: any program of a device can
 * name the client id of another (RFC 8252 §8.6).
 */
export function continuePage(view: ContinueView): Page {
  const { site, texts, client, username, switchAccount, problem = null } = view
  const { title, asks, advice, deny, allow } = texts.continue
  const body = html`${problem === null ? '' : problemSummary(problem)}<p>${named(asks, client.name)} ${advice}</p>
${decisionForm(view, { deny, allow: allow(username) })}${whoIsHere(texts.loggedInAs, username, texts.switchAccount, switchAccount)}`
  return page({
    ...{ title, body, site, lang: texts.lang },
    ...{ kind: 'continue', hasForm: true },
  })
}
