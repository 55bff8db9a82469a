import { html } from './html.ts'
import type { LoginPageSetting } from './login-page.ts'
import { notice } from './notice.ts'
import { type Page, page } from './page.ts'
import type { MessageTexts } from './texts/account-texts.ts'

/** What is wrong, in place of a login or of the way back to a client. */
export interface AuthorizationErrorView extends LoginPageSetting {
  /** One of `texts.errors`. */
  readonly says: MessageTexts
  /** What the log calls the request; null if it is not in there. */
  readonly requestId: string | null
}

/** The page that says what is wrong, and nothing of the request. */
export function authorizationErrorPage(view: AuthorizationErrorView): Page {
  const { site, texts, says, requestId } = view
  return page({
    ...{ title: says.title, site, lang: texts.lang, kind: 'error' },
    body: html`${notice(html`${says.text}`)}${
      requestId === null
        ? ''
        : html`<p class="hint">${texts.requestId} <code>${requestId}</code></p>`
    }`,
  })
}
