import { html } from './html.ts'
import type { LoginPageSetting } from './login-page.ts'
import { named } from './named.ts'
import { type Page, page } from './page.ts'
import { hiddenFields, type PostForm } from './post-form.ts'

/** The answer for a client, which is sent to its redirect URI: `action`. */
export interface FormPostView extends LoginPageSetting, PostForm {
  readonly client: { readonly name: string }
}

/**
 * The page that sends an authorization response by POST (OAuth 2.0 Form Post Response Mode §2), at once or, without
 * scripts, by a button.
 *
 * Its policy says nothing of forms: the client may redirect to where it likes.
 */
export function formPostPage({ site, texts, client, action, hidden }: FormPostView): Page {
  const { title, text, button } = texts.formPost
  return page({
    ...{ title, site, lang: texts.lang, kind: 'form-post', leaves: true },
    body: html`<p>${named(text, client.name)}</p>
<form method="post" action="${action}">${hiddenFields(hidden)}<button class="main">${button}</button></form>`,
    script: 'document.forms[0].submit()',
  })
}
