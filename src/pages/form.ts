import { type Html, html } from './html.ts'
import { warningIcon } from './notice.ts'
import { hiddenFields, type PostForm } from './post-form.ts'

/** A field of a form. */
export interface Field {
  /** What it is sent as. */
  readonly name: string
  /** Default: its name. */
  readonly id?: string
  readonly label: string
  readonly type?: 'text' | 'email' | 'password'
  /** What a browser or a password manager fills in (the `autocomplete` of HTML). */
  readonly autocomplete: string
  /** Which keys a phone shows (the `inputmode` of HTML). Default: those of the type. */
  readonly inputMode?: 'numeric'
  readonly value?: string
  /** Characters that it takes at most. Default: no limit is said. */
  readonly maxLength?: number
  /** Said below the field. Default none. */
  readonly hint?: string
  /** True if it may be left empty. Default false. */
  readonly optional?: boolean
}

/** A reason why a form was not accepted. */
export interface Problem {
  /** The name of the field that it is about; null if it is about none. */
  readonly field: string | null
  readonly text: string
}

/** What a form says by itself. */
export interface FormWords {
  /** Before the link to the one field that is wrong. */
  readonly correctOne: string
  /** Before the links to several. */
  readonly correctMany: string
  /** On the button that lets a password be seen. */
  readonly show: string
  /** On the same button while it is seen. */
  readonly hide: string
}

const english: FormWords = {
  correctOne: 'Correct this field:',
  correctMany: 'Correct these fields:',
  show: 'Show',
  hide: 'Hide',
}

/** A form of a page. */
export interface Form {
  readonly fields: readonly Field[]
  /** What the main button says: a verb. */
  readonly button: string
  /** True for a form that is not what its page is for: its button is no main button. Default false. */
  readonly quiet?: boolean
  /** Reasons why the form was not accepted. Default none. */
  readonly problems?: readonly Problem[]
  /** The name of the field to begin with; null for none, unless one is wrong. Default: the first one. */
  readonly first?: string | null
  /** Where it is sent, and with what besides. Default: to the address of its page, with nothing. */
  readonly sentTo?: PostForm
  /** Default: in English. */
  readonly words?: FormWords
}

/**
 * A form with fields.
 *
 * The first field with a problem has the focus. A summary at the top leads to each of them.
 */
export function form(content: Form): Html {
  const {
    fields,
    button,
    problems = [],
    first = fields[0]?.name,
    sentTo,
    words = english,
    quiet = false,
  } = content
  const wrong = fields.find(({ name }) => hasProblem(name, problems))
  const focused = wrong?.name ?? first
  const inputs = fields.map((each) => field(each, problems, words, each.name === focused))
  return html`${summary(fields, problems, words)}
<form method="post"${sentTo ? html` action="${sentTo.action}"` : ''}>
${sentTo ? hiddenFields(sentTo.hidden) : ''}${inputs}<button class="${quiet ? 'quiet' : 'main'}">${button}</button>
</form>`
}

/** A link to each field with a problem, which says the rest, and every problem that is about no field. */
function summary(
  fields: readonly Field[],
  problems: readonly Problem[],
  { correctOne, correctMany }: FormWords,
): Html {
  if (problems.length === 0) return html``
  const wrong = fields.filter(({ name }) => hasProblem(name, problems))
  const others = problems.filter((problem) => !fields.some(({ name }) => name === problem.field))
  const links = wrong.map(
    ({ name, id = name, label }) => html`<li><a href="#${id}">${label}</a></li>`,
  )
  const lead = wrong.length === 1 ? correctOne : correctMany
  return html`<div class="summary" role="alert">${warningIcon}<div>${others.map(({ text }) => html`<p>${text}</p>`)}${
    links.length > 0 ? html`<p>${lead}</p><ul>${links}</ul>` : ''
  }</div></div>`
}

function hasProblem(name: string, problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.field === name)
}

/**
 * One field with its label, its hint and what is wrong with it.
 *
 * @param words On the button that lets a password be seen; null for a page without its script.
 */
export function field(
  each: Field,
  problems: readonly Problem[],
  words: Pick<FormWords, 'show' | 'hide'> | null,
  autofocus: boolean,
): Html {
  const { name, id = name, label, type = 'text', autocomplete, inputMode, value = '' } = each
  const { hint, optional, maxLength } = each
  const own = problems.filter((problem) => problem.field === name)
  const described = [...(hint ? [`${id}-hint`] : []), ...(own.length > 0 ? [`${id}-error`] : [])]
  const input = html`<input id="${id}" name="${name}" type="${type}"${optional ? '' : html` required`} autocomplete="${autocomplete}"${inputMode ? html` inputmode="${inputMode}"` : ''}${maxLength ? html` maxlength="${String(maxLength)}"` : ''} autocapitalize="none" spellcheck="false"${type === 'password' ? '' : html` value="${value}"`}${
    described.length > 0 ? html` aria-describedby="${described.join(' ')}"` : ''
  }${own.length > 0 ? html` aria-invalid="true"` : ''}${autofocus ? html` autofocus` : ''}>`
  const reveal =
    type !== 'password' || words === null
      ? ''
      : html`<button type="button" data-reveals="${id}" data-hides="${words.hide}" hidden>${words.show}</button>`
  return html`<div class="field"><label for="${id}">${label}</label>
<div class="with-button">${input}${reveal}</div>${
    hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : ''
  }${
    own.length > 0
      ? html`<p class="error" id="${id}-error">${warningIcon}<span>${own.map(({ text }) => text).join(' ')}</span></p>`
      : ''
  }</div>
`
}

/** A script that lets a password be seen while it is typed. Without it the buttons stay hidden. */
export const revealPasswords = `
for (const button of document.querySelectorAll('[data-reveals]')) {
  const input = document.getElementById(button.dataset.reveals)
  button.hidden = false
  button.ariaDescription = input.labels[0].textContent
  const show = button.textContent
  button.addEventListener('click', () => {
    const shown = input.type === 'password'
    input.type = shown ? 'text' : 'password'
    button.textContent = shown ? button.dataset.hides : show
  })
}
`
