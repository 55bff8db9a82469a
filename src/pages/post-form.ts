import { type Html, html } from './html.ts'

/** Where a form is sent, and what is sent along. */
export interface PostForm {
  /** A path on this server, with or without a query. */
  readonly action: string
  /** Sent along: name and value of each. */
  readonly hidden: Readonly<Record<string, string>>
}

/** A button of such a form. */
export interface PostButton {
  readonly label: string
  /** `main` across the card, `quiet` beside it, `plain` like a link, `danger` for what takes something away. */
  readonly look: 'main' | 'quiet' | 'plain' | 'danger'
  /** The id of what stands for the same button elsewhere on the page. Default: it is the only one. */
  readonly describedBy?: string
}

/** Fields that are sent along and not shown. */
export function hiddenFields(hidden: PostForm['hidden']): Html {
  const fields = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`${fields}`
}

/** A form that is one button. */
export function postForm(
  { action, hidden }: PostForm,
  { label, look, describedBy }: PostButton,
): Html {
  const described = describedBy === undefined ? '' : html` aria-describedby="${describedBy}"`
  return html`<form method="post" action="${action}">${hiddenFields(hidden)}<button class="${look}"${described}>${label}</button></form>
`
}

/**
 * A form that asks a question. It sends `decision`: `deny` or `allow`. The button that denies comes first, since
 * Enter presses the first one where none has the focus.
 */
export function decisionForm(
  { action, hidden }: PostForm,
  { deny, allow }: { readonly deny: string; readonly allow: string },
): Html {
  return html`<form method="post" action="${action}" class="buttons">${hiddenFields(hidden)}<button name="decision" value="deny">${deny}</button><button class="main" name="decision" value="allow">${allow}</button></form>
`
}
