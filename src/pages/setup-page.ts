import { type Field, fields, type Problem, revealPasswords, summary } from './form.ts'
import { html } from './html.ts'
import { type Page, page } from './page.ts'

// The code is in the fragment of the link, which a browser never sends. So it is in no log of this server,
// in no proxy and in no Referer. The script copies it into the form.
const script = `
const code = document.querySelector('input[name=code]')
const field = code.closest('.field')
function takeCode() {
  if (location.hash.length > 1) {
    code.value = location.hash.slice(1)
    history.replaceState(null, '', location.pathname)
  }
  field.hidden = code.value !== '' && !code.ariaInvalid
  if (!field.hidden && code.value === '') code.focus()
}
takeCode()
// The link, pasted where this page is open already.
addEventListener('hashchange', takeCode)
${revealPasswords}`

/** The names of its fields. */
export type SetupField = 'code' | 'username' | 'password' | 'repeated'

export interface SetupForm {
  readonly code: string
  readonly username: string
  /** Reasons why the form was not accepted. */
  readonly problems: readonly (Problem & { readonly field: SetupField | null })[]
  readonly minPasswordHint: string
}

const codeHint = 'It is at the end of the link that the server printed.'

/** The page with the form for the first administrator. */
export function setupFormPage({ code, username, problems, minPasswordHint }: SetupForm): Page {
  const all: readonly (Field & { readonly name: SetupField })[] = [
    { name: 'code', label: 'Set-up code', autocomplete: 'off', value: code, hint: codeHint },
    { name: 'username', label: 'Username', autocomplete: 'username', value: username },
    {
      ...{ name: 'password', label: 'Password', type: 'password' },
      ...{ autocomplete: 'new-password', hint: minPasswordHint },
    },
    { name: 'repeated', label: 'Password again', type: 'password', autocomplete: 'new-password' },
  ]
  const body = html`${summary(problems)}
<form method="post">
${fields(all, problems, 'username')}<button class="main">Create the administrator</button>
</form>`
  return page({ title: 'Create the first administrator', body, script, hasForm: true })
}

/** The page after the first administrator was created. */
export function setupDonePage(username: string, docs: boolean): Page {
  const next = docs ? html`Open <a href="docs">Swagger UI</a>, and press Authorize.` : ''
  return page({
    title: 'Administrator created',
    body: html`<p><strong>${username}</strong> can log in now. ${next}</p>`,
  })
}

/** The page of a link that works no more. */
export function setupGonePage(reason: 'used' | 'expired', docs: boolean): Page {
  if (reason === 'expired') {
    const body = html`<p>Restart the server for a new one, or use the command line.</p>`
    return page({ title: 'The link has expired', body })
  }
  const next = docs ? html`Open <a href="docs">Swagger UI</a>.` : ''
  return page({ title: 'Already set up', body: html`<p>There are users already. ${next}</p>` })
}
