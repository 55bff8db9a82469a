import { html } from './html.ts'
import type { LoginPageSetting } from './login-page.ts'
import { type Page, page } from './page.ts'

/**
 * The page after a form was accepted, which moves on at once.
 *
 * A redirect would be held against the policy for forms, and so would every redirect after it. What a page does
 * by itself is no form. The link is for browsers that do not move on, or want a tap before they open a program.
 *
 * @param url Where to: an address of this server.
 */
export function movingOnPage({
  site,
  texts,
  url,
}: LoginPageSetting & { readonly url: string }): Page {
  const { title, text, link } = texts.movingOn
  return page({
    ...{ title, site, lang: texts.lang, kind: 'moving-on' },
    head: html`<meta http-equiv="refresh" content="0;url=${url}">`,
    body: html`<p>${text}</p>
<p><a class="main" href="${url}">${link}</a></p>`,
  })
}
