import { type Field, form, type Problem, revealPasswords } from './form.ts'
import { html } from './html.ts'
import { messagePage } from './message-page.ts'
import { type Page, page } from './page.ts'

// The code is in the fragment of the link, which a browser never sends. So it is in no log of this server,
// in no proxy and in no Referer. The script copies it into the form.
const script = `
const code = document.querySelector('input[name=code]')
const field = code.closest('.field')
function takeCode() {
  // A link of the summary has the name of a field there.
  if (location.hash.length > 1 && !document.getElementById(location.hash.slice(1))) {
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
  const fields: readonly (Field & { readonly name: SetupField })[] = [
    { name: 'code', label: 'Set-up code', autocomplete: 'off', value: code, hint: codeHint },
    { name: 'username', label: 'Username', autocomplete: 'username', value: username },
    {
      ...{ name: 'password', label: 'Password', type: 'password' },
      ...{ autocomplete: 'new-password', hint: minPasswordHint },
    },
    { name: 'repeated', label: 'Password again', type: 'password', autocomplete: 'new-password' },
  ]
  const body = form({
    fields,
    button: 'Create the administrator',
    problems,
    first: 'username',
  })
  return page({ title: 'Create the first administrator', body, script, hasForm: true })
}

/** The page after the first administrator was created. */
export function setupDonePage(username: string, docs: boolean): Page {
  return messagePage({
    title: 'Administrator created',
    kind: 'success',
    text: html`<strong>${username}</strong> can log in now.`,
    next: docs ? html`Open <a href="docs">Swagger UI</a>, and press Authorize.` : null,
  })
}

/** The page of a link that works no more. */
export function setupGonePage(reason: 'used' | 'expired', docs: boolean): Page {
  if (reason === 'expired') {
    const text = html`Restart the server for a new one, or use the command line.`
    return messagePage({ title: 'The link has expired', kind: 'information', text })
  }
  return messagePage({
    title: 'Already set up',
    kind: 'information',
    text: html`There are users already.`,
    next: docs ? html`Open <a href="docs">Swagger UI</a>.` : null,
  })
}
