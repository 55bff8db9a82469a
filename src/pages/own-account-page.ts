import { type Html, html } from './html.ts'
import { type OwnSetting, ownPage } from './own-parts.ts'
import type { Page } from './page.ts'
import { type PostForm, postForm } from './post-form.ts'
import type { OwnLinkName } from './texts/own-texts.ts'

/** What the page of an account shows. */
export interface AccountView extends OwnSetting {
  readonly username: string
  readonly email: { readonly address: string; readonly isVerified: boolean } | null
  /** Where each page is: paths on this server, or URLs of the application. */
  readonly links: Readonly<Partial<Record<OwnLinkName, string>>>
  /** Hands out what is known of the user; null where that is not switched on. */
  readonly data: PostForm | null
  /** Where the browser is logged out. A path on this server. */
  readonly logOut: string
}

/** The page that says who somebody is, and leads to all others. */
export function accountPage(view: AccountView): Page {
  const { own, username, email, links, data, logOut } = view
  const { account } = own
  const names = Object.keys(account.links) as OwnLinkName[]
  const items = names.flatMap((name) => {
    const path = links[name]
    if (path === undefined) return []
    const { title, text } = account.links[name]
    return [
      html`<li><p class="name"><a href="${path}">${title}</a></p><p class="hint">${text}</p></li>`,
    ]
  })
  const body = html`<dl><dt>${account.name}</dt><dd><bdi>${username}</bdi></dd><dt>${account.address}</dt><dd>${addressOf(email, view)}</dd></dl>
<ul class="items">${items}</ul>
${
  data === null
    ? ''
    : html`<h2>${account.data.title}</h2>
<p>${account.data.lead}</p>
<div class="actions">${postForm(data, { label: account.data.button, look: 'quiet' })}</div>
`
}<p><a href="${logOut}">${account.logOut}</a></p>
`
  return ownPage({ ...view, account: null }, { title: account.title, kind: 'account', body })
}

function addressOf(email: AccountView['email'], { own: { account } }: OwnSetting): Html {
  if (email === null) return html`${account.noAddress}`
  const address = html`<bdi>${email.address}</bdi>`
  return email.isVerified
    ? address
    : html`${address} <span class="hint">(${account.unverified})</span>`
}
