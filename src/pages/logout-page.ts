import { html } from './html.ts'
import type { LoginPageSetting } from './login-page.ts'
import { named } from './named.ts'
import { notice } from './notice.ts'
import { type Page, page } from './page.ts'
import { type PostForm, postForm } from './post-form.ts'

/** What is asked before a log-out that no client has proved to be wanted. */
export interface LogoutQuestionView extends LoginPageSetting, PostForm {
  readonly username: string
}

/** The page that asks whether to log out. */
export function logoutQuestionPage(view: LogoutQuestionView): Page {
  const { site, texts, username } = view
  const { title, text, button } = texts.logout.question
  return page({
    ...{ title, site, lang: texts.lang, kind: 'logout', hasForm: true },
    body: html`<p>${named(texts.loggedInAs, username)} ${text}</p>
${postForm(view, { label: button, look: 'main' })}`,
  })
}

/** What is said after a log-out. */
export interface LoggedOutView extends LoginPageSetting {
  /** A client, and where it has its users come back to; null if none is known. */
  readonly back: { readonly name: string; readonly uri: string } | null
}

/** The page after a log-out, or for somebody who was not logged in. */
export function loggedOutPage({ site, texts, back }: LoggedOutView): Page {
  const { title, text, back: label } = texts.logout.done
  return page({
    ...{ title, site, lang: texts.lang, kind: 'logged-out' },
    body: html`${notice(html`${text}`, 'success')}${
      back === null ? '' : html`<p><a href="${back.uri}">${named(label, back.name)}</a></p>`
    }`,
  })
}
