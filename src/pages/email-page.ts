import { form } from './form.ts'
import { type Html, html } from './html.ts'
import type { LoginPageSetting } from './login-page.ts'
import { named } from './named.ts'
import { notice } from './notice.ts'
import { type OwnSetting, ownNotice } from './own-parts.ts'
import { type Page, page } from './page.ts'
import { type PostForm, postForm } from './post-form.ts'

/** What the page of an address shows. */
export interface EmailView extends Omit<OwnSetting, 'account'> {
  /** The address of today; null for none. */
  readonly current: { readonly address: string; readonly isVerified: boolean } | null
  /** What the field has at first. */
  readonly typed: string
  /** Why the new address was not accepted; null if it was not sent. */
  readonly problem: string | null
  /** Sends `email`. */
  readonly change: PostForm
  readonly remove: PostForm
}

/** The page with the address of a user, a form for another one, and one that removes it. */
export function emailPage({ site, texts, own, ...view }: EmailView): Page {
  const { current, typed, problem, change, remove } = view
  const { email } = texts
  const body = html`${view.notice ? ownNotice(own, view.notice) : ''}${currentAddress(current, change, email)}
${form({
  fields: [
    {
      ...{ name: 'email', label: email.field, type: 'email', autocomplete: 'email' },
      ...{ value: typed, hint: email.hint },
    },
  ],
  ...{ button: email.send, words: texts.form, sentTo: change },
  problems: problem === null ? [] : [{ field: 'email', text: problem }],
})}${
  current === null
    ? ''
    : html`
<h2>${email.remove.title}</h2>
<p>${email.remove.lead}</p>
${postForm(remove, { label: email.remove.button, look: 'danger' })}`
}`
  return page({
    ...{ title: email.title, body, site, lang: texts.lang },
    ...{ kind: 'email', hasForm: true },
  })
}

function currentAddress(
  current: EmailView['current'],
  change: PostForm,
  texts: LoginPageSetting['texts']['email'],
): Html {
  if (current === null) return html`<p>${texts.none}</p>`
  const { address, isVerified } = current
  if (isVerified) return html`<p>${named(texts.verified, address)}</p>`
  const confirm = { ...change, hidden: { ...change.hidden, email: address } }
  const button = postForm(confirm, { label: texts.sendThere, look: 'plain' })
  return html`<div class="who"><p>${named(texts.unverified, address)}</p>${button}</div>`
}

/** What the page for the code shows. */
export interface EmailCodeView extends Omit<OwnSetting, 'account'> {
  /** Where it was sent; empty if that is not known. */
  readonly address: string
  /** True after it was sent again. */
  readonly isSentAgain: boolean
  /** Why the code was not accepted; null if it was not sent. */
  readonly problem: string | null
  /** Sends `code`. */
  readonly confirm: PostForm
  readonly again: PostForm
  /** The page of the address. A path on this server. */
  readonly another: string
}

/** The page with a field for the code that was mailed. */
export function emailCodePage({ site, texts, own, ...view }: EmailCodeView): Page {
  const { address, isSentAgain, problem, confirm, again, another } = view
  const { code } = texts.email
  const sent = address === '' ? html`${code.sentBefore}` : named(code.sent, address)
  const body = html`${view.notice ? ownNotice(own, view.notice) : ''}${isSentAgain ? notice(html`${code.sentAgain}`) : html`<p>${sent}</p>`}
${form({
  fields: [
    {
      ...{ name: 'code', label: code.field, hint: code.hint },
      ...{ autocomplete: 'one-time-code', inputMode: 'numeric' },
    },
  ],
  ...{ button: code.button, words: texts.form, sentTo: confirm },
  problems: problem === null ? [] : [{ field: 'code', text: problem }],
})}
<div class="who">${postForm(again, { label: code.again, look: 'plain' })}<a href="${another}">${code.another}</a></div>`
  return page({
    ...{ title: code.title, body, site, lang: texts.lang },
    ...{ kind: 'email-code', hasForm: true },
  })
}

/** What is said after a change. */
export interface EmailDoneView extends LoginPageSetting {
  /** The address since then; null if it was removed. */
  readonly address: string | null
}

/** The page after a change of an address. */
export function emailDonePage({ site, texts, address }: EmailDoneView): Page {
  const { done, removed } = texts.email
  const says = address === null ? html`${removed.text}` : named(done.text, address)
  return page({
    ...{ title: address === null ? removed.title : done.title, site, lang: texts.lang },
    ...{ kind: 'email-done', body: notice(says, 'success') },
  })
}
