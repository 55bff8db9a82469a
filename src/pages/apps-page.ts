import { scopeList } from './consent-page.ts'
import { type Html, html } from './html.ts'
import { named } from './named.ts'
import { notice } from './notice.ts'
import { type OwnSetting, ownNotice } from './own-parts.ts'
import { type Page, page } from './page.ts'
import { type PostForm, postForm } from './post-form.ts'
import type { LoginTexts } from './texts/login-texts.ts'

/** What a user has allowed one client. Its form withdraws that. */
export interface AllowedApp extends PostForm {
  readonly name: string
  /** In words. */
  readonly scopes: readonly string[]
  /** Since when. Seconds since 1970. */
  readonly allowedAt: number
}

/** What the page of a user's clients shows. */
export interface AppsView extends Omit<OwnSetting, 'account'> {
  readonly username: string
  readonly apps: readonly AllowedApp[]
  /** The name of the client that was just withdrawn from. Default: none was. */
  readonly withdrawn?: string | null
}

/** The page on which users see what they have allowed, and withdraw it. */
export function appsPage({ site, texts, own, username, apps, ...view }: AppsView): Page {
  const { title, lead, none, withdrawn: done } = texts.apps
  const { withdrawn = null } = view
  const body = html`${view.notice ? ownNotice(own, view.notice) : ''}${withdrawn === null ? '' : notice(named(done, withdrawn), 'success')}<p>${named(texts.loggedInAs, username)} ${apps.length === 0 ? none : lead}</p>
${apps.map((app, index) => section(app, `app-${index + 1}`, texts))}`
  return page({
    ...{ title, body, site, lang: texts.lang },
    ...{ kind: 'apps', hasForm: apps.length > 0, wide: true },
  })
}

function section(app: AllowedApp, id: string, { apps, lang }: LoginTexts): Html {
  const at = new Date(app.allowedAt * 1000)
  const day = at.toLocaleDateString(lang, { dateStyle: 'long', timeZone: 'UTC' })
  return html`<h2 id="${id}"><bdi>${app.name}</bdi></h2>
<p class="hint">${apps.since} <time datetime="${at.toISOString().slice(0, 10)}">${day}</time></p>
${scopeList(app.scopes)}${postForm(app, { label: apps.withdraw, look: 'danger', describedBy: id })}`
}
