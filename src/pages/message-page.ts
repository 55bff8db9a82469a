import { type Html, html } from './html.ts'
import { notice } from './notice.ts'
import { type Page, type PageContent, page } from './page.ts'

/** What a page without a form says. */
export interface Message {
  /** Its heading. */
  readonly title: string
  /** `success` for what was just done, `information` for a link that works no more. */
  readonly kind: 'success' | 'information'
  readonly text: Html
  /** Where to go on: a sentence with a link. Default none. */
  readonly next?: Html | null
  /** Runs when the page is there. Default none. */
  readonly script?: string
  /** Whose page it is, and in which language. Default: Portcullis, in English. */
  readonly of?: Pick<PageContent, 'site' | 'lang'>
}

/** The page after a form, or in place of one. */
export function messagePage({ title, kind, text, next = null, script, of = {} }: Message): Page {
  const body = html`${notice(text, kind)}${next === null ? '' : html`<p>${next}</p>`}`
  return page({ title, body, ...(script !== undefined && { script }), ...of })
}
