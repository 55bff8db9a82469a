import { type Html, html } from './html.ts'
import type { LoginPageSetting } from './login-page.ts'
import { notice } from './notice.ts'
import { ownStyle } from './own-style.ts'
import { type Page, page } from './page.ts'
import type { OwnNoticeName, OwnTexts } from './texts/own-texts.ts'

/** What every page for users who are logged in shows. */
export interface OwnSetting extends LoginPageSetting {
  readonly own: OwnTexts
  /** The page of the account: a path on this server. Null if it is not there. */
  readonly account: string | null
  /** What the form has done that led here; null for nothing. */
  readonly notice?: OwnNoticeName | null
}

/** What is on one of them. */
export interface OwnContent {
  readonly title: string
  readonly kind: string
  readonly body: Html
  readonly script?: string
  /** As of `PageContent`. */
  readonly scripts?: readonly string[]
  /** Styles beyond those of these pages. Default none. */
  readonly style?: string
}

/** A page with what was done above, and the way back to the account below. */
export function ownPage(
  { site, texts, own, account, notice: done = null }: OwnSetting,
  { title, kind, body, script, scripts = [], style = '' }: OwnContent,
): Page {
  const above = done === null ? '' : ownNotice(own, done)
  const below =
    account === null ? '' : html`<p class="back"><a href="${account}">${own.back}</a></p>\n`
  return page({
    ...{ title, kind, site, lang: texts.lang, hasForm: true, wide: true, style: ownStyle + style },
    ...{ scripts },
    body: html`${above}${body}${below}`,
    ...(script !== undefined && { script }),
  })
}

/** What is said of the form that led to a page. */
export function ownNotice({ notices }: OwnTexts, what: OwnNoticeName): Html {
  const isDone = what !== 'repeated' && what !== 'expired'
  return notice(html`${notices[what]}`, isDone ? 'success' : 'information')
}

/** A day in words: nobody knows where the reader is, so it is that of UTC. @param at Seconds since 1970. */
export function dayOf(at: number, lang: string): string {
  return new Date(at * 1000).toLocaleDateString(lang, { dateStyle: 'long', timeZone: 'UTC' })
}

/** A day and a time in words. @param at Seconds since 1970. */
export function instantOf(at: number, lang: string): string {
  const how = { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' } as const
  return `${new Date(at * 1000).toLocaleString(lang, how)} UTC`
}
