import { createHash } from 'node:crypto'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 28rem; margin: 10vh auto; padding: 0 1rem; }
label { display: block; margin: 1rem 0 .25rem; }
input { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; }
button { margin-top: 1.5rem; padding: .5rem 1.25rem; font: inherit; cursor: pointer; }
pre { overflow: auto; padding: .75rem; border: 1px solid #8886; border-radius: 4px; }
[role=alert] { border-left: 4px solid #c22; padding-left: 1.75rem; }
`

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

/** The pages may run their own script and style and nothing else. */
export const setupContentSecurityPolicy: string = [
  "default-src 'none'",
  `script-src '${hash(script)}'`,
  `style-src '${hash(style)}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The same for a page without a script. */
export const pageContentSecurityPolicy: string = [
  "default-src 'none'",
  `style-src '${hash(style)}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface SetupForm {
  readonly code: string
  readonly username: string
  /** Reasons why the form was not accepted. */
  readonly problems: readonly string[]
  readonly minPasswordHint: string
}

/** The page with the form for the first administrator. */
export function setupFormPage({ code, username, problems, minPasswordHint }: SetupForm): string {
  const alert =
    problems.length === 0
      ? ''
      : `<ul role="alert">${problems.map((problem) => `<li>${escapeHtml(problem)}</li>`).join('')}</ul>`
  return page(
    'Create the first administrator',
    `${alert}
<form method="post">
<div><label for="code">Set-up code</label>
<input id="code" name="code" required autocomplete="off" value="${escapeHtml(code)}"></div>
<label for="username">Username</label>
<input id="username" name="username" required autofocus autocomplete="username" autocapitalize="none" spellcheck="false" value="${escapeHtml(username)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="new-password" aria-describedby="hint">
<small id="hint">${escapeHtml(minPasswordHint)}</small>
<label for="repeated">Password again</label>
<input id="repeated" name="repeated" type="password" required autocomplete="new-password">
<button>Create</button>
</form>
<script>${script}</script>`,
  )
}

/** A page that says one thing. */
export function setupMessagePage(title: string, html: string): string {
  return page(title, `<p>${html}</p>`)
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A whole document. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Portcullis</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
