import { type Html, html } from './html.ts'

/** A field of a form. */
export interface Field {
  /** What it is sent as; also its id. */
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'password'
  /** What a browser or a password manager fills in (the `autocomplete` of HTML). */
  readonly autocomplete: string
  readonly value?: string
  /** Said below the field. Default none. */
  readonly hint?: string
}

/** A reason why a form was not accepted. */
export interface Problem {
  /** The name of the field that it is about; null if it is about none. */
  readonly field: string | null
  readonly text: string
}

const warning = html`<svg class="icon" viewBox="0 0 20 24" aria-hidden="true"><path d="M10 4 2 19h16zM10 9v5m0 2v1" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"/></svg>`
const information = html`<svg class="icon" viewBox="0 0 20 24" aria-hidden="true"><path d="M10 4a8 8 0 1 0 .01 0M10 11v6m0-9v1" fill="none" stroke="currentColor" stroke-width="1.6"/></svg>`

/** A hint that nothing is wrong with. */
export function notice(text: string): Html {
  return html`<p class="notice">${information}<span>${text}</span></p>`
}

/** All problems of a form, at its top; nothing if there are none. */
export function summary(problems: readonly Problem[]): Html {
  if (problems.length === 0) return html``
  const items = problems.map(({ field, text }) =>
    field === null ? html`<li>${text}</li>` : html`<li><a href="#${field}">${text}</a></li>`,
  )
  return html`<div class="summary" role="alert">${warning}<ul>${items}</ul></div>`
}

/** One field with its label, its hint and what is wrong with it. */
export function field(each: Field, problems: readonly Problem[], autofocus = false): Html {
  const { name, label, type = 'text', autocomplete, value = '', hint } = each
  const own = problems.filter((problem) => problem.field === name)
  const described = [
    ...(hint ? [`${name}-hint`] : []),
    ...(own.length > 0 ? [`${name}-error`] : []),
  ]
  const input = html`<input id="${name}" name="${name}" type="${type}" required autocomplete="${autocomplete}" autocapitalize="none" spellcheck="false"${type === 'password' ? '' : html` value="${value}"`}${
    described.length > 0 ? html` aria-describedby="${described.join(' ')}"` : ''
  }${own.length > 0 ? html` aria-invalid="true"` : ''}${autofocus ? html` autofocus` : ''}>`
  const reveal = html`<button type="button" data-reveals="${name}" aria-pressed="false" hidden>Show</button>`
  return html`<div class="field"><label for="${name}">${label}</label>
<div class="with-button">${input}${type === 'password' ? reveal : ''}</div>${
    hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ''
  }${
    own.length > 0
      ? html`<p class="error" id="${name}-error">${warning}<span>${own.map(({ text }) => text).join(' ')}</span></p>`
      : ''
  }</div>
`
}

/** All fields of a form. The first one with a problem has the focus, else the one that is named. */
export function fields(
  all: readonly Field[],
  problems: readonly Problem[],
  first: string,
): readonly Html[] {
  const wrong = all.find(({ name }) => problems.some((problem) => problem.field === name))
  const focused = wrong?.name ?? first
  return all.map((each) => field(each, problems, each.name === focused))
}

/** A script that lets a password be seen while it is typed. Without it the buttons stay hidden. */
export const revealPasswords = `
for (const button of document.querySelectorAll('[data-reveals]')) {
  const input = document.getElementById(button.dataset.reveals)
  button.hidden = false
  button.ariaDescription = input.labels[0].textContent
  button.addEventListener('click', () => {
    const shown = input.type === 'password'
    input.type = shown ? 'text' : 'password'
    button.ariaPressed = String(shown)
  })
}
`
