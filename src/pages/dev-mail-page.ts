import { type Html, html } from './html.ts'
import { type Page, page } from './page.ts'

/** A mail that nobody has sent, as a page shows it. */
export interface ShownMail {
  readonly id: string
  readonly to: string
  readonly from: string
  readonly subject: string
  readonly text: string
  /** Shown in a frame of its own, in which nothing runs. */
  readonly html: string
  /** The link of the mail; null if it has none. */
  readonly link: string | null
}

/** The list of mails, newest first. `path` is where the pages of single mails are. */
export function devMailListPage(mails: readonly ShownMail[], path: string): Page {
  const rows = mails.map(
    ({ id, to, subject }) =>
      html`<li><a href="${path}/${encodeURIComponent(id)}">${subject}</a><br>to ${to}</li>`,
  )
  const body = html`<p>Mails go nowhere here: the last 100 are kept until the server stops.</p>
${rows.length === 0 ? html`<p>There is none yet.</p>` : html`<ul>${rows}</ul>`}
<p><a href="${path}">Look again</a></p>`
  return page({ title: 'Mails', body, wide: true })
}

/** One mail, as text and as HTML. */
export function devMailPage(
  { to, from, subject, text, html: markup, link }: ShownMail,
  path: string,
): Page {
  const open: Html | string =
    link === null
      ? ''
      : html`<p><a href="${link}" rel="noreferrer">Open the link of the mail</a></p>`
  const body = html`<p>From ${from}<br>To ${to}</p>
${open}
<h2>Text</h2>
<pre tabindex="0"><code>${text}</code></pre>
<h2>HTML</h2>
<iframe sandbox title="The mail as HTML" style="width:100%;height:32rem;border:0" srcdoc="${markup}"></iframe>
<p><a href="${path}">All mails</a></p>`
  const { html: whole, contentSecurityPolicy } = page({ title: subject, body, wide: true })
  // Mails have inline styles alone, and a frame of this kind has the policy of the page around it.
  const policy = `${contentSecurityPolicy}; style-src-attr 'unsafe-inline'`
  return { html: whole, contentSecurityPolicy: policy }
}
