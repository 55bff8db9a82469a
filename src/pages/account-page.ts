import { type Field, form, type Problem, revealPasswords } from './form.ts'
import { type Html, html } from './html.ts'
import { messagePage } from './message-page.ts'
import { type Page, page } from './page.ts'
import type { Site } from './site.ts'
import type {
  AccountFieldName,
  AccountTexts,
  FormTexts,
  MessageTexts,
} from './texts/account-texts.ts'

/** Of whom a page is, and in which language. */
export interface AccountPageSetting {
  readonly site: Site
  readonly texts: AccountTexts
}

/** A link below a form or a message. */
export interface PageLink {
  /** A path on this server. */
  readonly path: string
  readonly label: string
}

/** A field of a form, and what was typed into it. */
export interface AccountField {
  readonly name: AccountFieldName
  readonly value: string
  /** Said below it. Default: its usual hint. */
  readonly hint?: string | undefined
  readonly optional?: boolean | undefined
}

/** A form of accounts. */
export interface AccountForm extends AccountPageSetting {
  readonly words: FormTexts
  readonly fields: readonly AccountField[]
  readonly problems: readonly (Problem & { readonly field: AccountFieldName | null })[]
  /** Where somebody goes on who has a link already. Default: the form is what the link leads to, or none is. */
  readonly behindLink?: PageLink | undefined
}

// The token is in the fragment of the link, which a browser never sends. So it is in no log, in no proxy and
// in no Referer. The script copies it into the form. It sends nothing: a person does that.
const takeToken = `
const token = document.querySelector('input[name=token]')
const field = token.closest('.field')
function takeFragment() {
  const [, found] = /^#token=(.+)$/.exec(location.hash) ?? []
  if (found) {
    token.value = found
    history.replaceState(null, '', location.pathname)
  }
  field.hidden = token.value !== '' && !token.ariaInvalid
  if (!field.hidden && token.value === '') token.focus()
}
takeFragment()
// The link, pasted where this page is open already.
addEventListener('hashchange', takeFragment)
`

// The link of a mail leads to the page on which one asks for it. The fragment goes along, and is not sent.
const followToken = `
const next = document.querySelector('a[data-behind-link]')
function follow() {
  if (location.hash.startsWith('#token=')) location.replace(next.href + location.hash)
}
follow()
addEventListener('hashchange', follow)
`

// A link that is pasted where a message is shown only changes the fragment of the same document. With `?` it is
// another one, which is asked for by GET: to load this one again could send its form once more.
const leaveForToken = `
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) location.replace(location.pathname + '?' + location.hash)
})
`

const types = { email: 'email', password: 'password' } as const

const autocompletes: Readonly<Record<AccountFieldName, string>> = {
  email: 'email',
  account: 'username',
  token: 'off',
  username: 'username',
  password: 'new-password',
}

/** A page with a form of accounts. */
export function accountFormPage(content: AccountForm): Page {
  const { site, texts, words, fields, problems, behindLink } = content
  const { title, lead, button } = words
  const shown: readonly Field[] = fields.map(({ name, value, hint, optional = false }) => {
    const { label, hint: usual } = texts.fields[name]
    const said = hint ?? usual
    return {
      ...{ name, label, value, optional, autocomplete: autocompletes[name] },
      ...(name in types && { type: types[name as keyof typeof types] }),
      ...(said !== undefined && { hint: said }),
    }
  })
  const hasToken = fields.some(({ name }) => name === 'token')
  const first = fields.find(({ name }) => name !== 'token')?.name ?? 'token'
  const body = html`${
    lead === undefined
      ? ''
      : html`<p>${lead}</p>
`
  }${form({ fields: shown, button, problems, first, words: texts.form })}${
    behindLink === undefined
      ? ''
      : html`<p><a href="${behindLink.path}" data-behind-link>${behindLink.label}</a></p>`
  }`
  const script = [
    ...(hasToken ? [takeToken, revealPasswords] : []),
    ...(behindLink === undefined ? [] : [followToken]),
  ].join('')
  return page({
    ...{ title, body, site, lang: texts.lang, hasForm: true },
    ...(script !== '' && { script }),
  })
}

/** What an account page says after a form, or in place of one. */
export interface AccountMessage extends AccountPageSetting {
  readonly kind: 'success' | 'information'
  readonly says: MessageTexts
  /** Where to go on: a link, or a sentence. Default none. */
  readonly next?: PageLink | string | undefined
}

/** A page of accounts without a form. */
export function accountMessagePage(content: AccountMessage): Page {
  const { site, texts, kind, says, next } = content
  const { title, text } = says
  return messagePage({
    ...{ title, kind, text: html`${text}`, next: next === undefined ? null : nextStep(next) },
    script: leaveForToken,
    of: { site, lang: texts.lang },
  })
}

function nextStep(next: PageLink | string): Html {
  if (typeof next === 'string') return html`${next}`
  return html`<a href="${next.path}">${next.label}</a>`
}
