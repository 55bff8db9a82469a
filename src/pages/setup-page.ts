import { html } from './html.ts'
import { type Page, page } from './page.ts'

// The code is in the fragment of the link, which a browser sends to nobody: not to this server's log,
// not to a proxy, not in a Referer. The script carries it into the form.
const script = `
const code = document.querySelector('input[name=code]')
if (location.hash.length > 1) {
  code.value = location.hash.slice(1)
  code.parentElement.hidden = true
  history.replaceState(null, '', location.pathname)
} else if (code.value !== '') code.parentElement.hidden = true
`

export interface SetupForm {
  readonly code: string
  readonly username: string
  /** Reasons why the form was not accepted. */
  readonly problems: readonly string[]
  readonly minPasswordHint: string
}

/** The page with the form for the first administrator. */
export function setupFormPage({ code, username, problems, minPasswordHint }: SetupForm): Page {
  const reasons = problems.map((problem) => html`<li>${problem}</li>`)
  const body = html`${reasons.length === 0 ? '' : html`<ul role="alert">${reasons}</ul>`}
<form method="post">
<div><label for="code">Set-up code</label>
<input id="code" name="code" required autocomplete="off" value="${code}"></div>
<label for="username">Username</label>
<input id="username" name="username" required autofocus autocomplete="username" autocapitalize="none" spellcheck="false" value="${username}">
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="new-password" aria-describedby="hint">
<small id="hint">${minPasswordHint}</small>
<label for="repeated">Password again</label>
<input id="repeated" name="repeated" type="password" required autocomplete="new-password">
<button>Create</button>
</form>`
  return page({ title: 'Create the first administrator', body, script, hasForm: true })
}

/** The page after the first administrator was created. */
export function setupDonePage(username: string, docs: boolean): Page {
  const next = docs ? html`Go on to <a href="docs">the documentation</a> and press Authorize.` : ''
  return page({
    title: 'Done',
    body: html`<p><strong>${username}</strong> can log in now. ${next}</p>`,
  })
}

/** The page of a link that works no more. */
export function setupGonePage(reason: 'used' | 'expired', docs: boolean): Page {
  if (reason === 'expired') {
    const body = html`<p>Restart the server for a new one, or use the command line.</p>`
    return page({ title: 'The link has expired', body })
  }
  const next = docs ? html`Go to <a href="docs">the documentation</a>.` : ''
  return page({ title: 'Set up already', body: html`<p>There are users already. ${next}</p>` })
}
