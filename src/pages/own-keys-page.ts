import { field } from './form.ts'
import { type Html, html } from './html.ts'
import { problemSummary } from './login-page.ts'
import { named } from './named.ts'
import { onceShownButtons, onceShownScript } from './once-shown.ts'
import { dayOf, instantOf, type OwnSetting, ownPage } from './own-parts.ts'
import type { Page } from './page.ts'
import { hiddenFields, type PostForm, postForm } from './post-form.ts'

/** An API key of a user, as a page shows it. Not the key itself. */
export interface ShownKey {
  readonly name: string
  /** What it may do, in words. */
  readonly scopes: readonly string[]
  /** Seconds since 1970, as the others. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly hasExpired: boolean
  /** Null if it was not used yet. */
  readonly usedAt: number | null
  readonly end: PostForm
}

/** What the page of API keys shows. */
export interface KeysView extends OwnSetting {
  readonly keys: readonly ShownKey[]
  /** The page on which one is made. A path on this server. */
  readonly make: string
}

/** The list of a user's API keys. */
export function keysPage(view: KeysView): Page {
  const { own, keys, make } = view
  const { title, lead, none, make: label } = own.keys
  const body = html`<p>${lead}</p>
${keys.length === 0 ? html`<p>${none}</p>` : html`<ul class="items">${keys.map((each, index) => item(each, `key-${index + 1}`, view))}</ul>`}
<p><a class="main" href="${make}">${label}</a></p>
`
  return ownPage(view, { title, kind: 'keys', body })
}

function item(key: ShownKey, id: string, { own: { keys, lang } }: KeysView): Html {
  const { name, scopes, createdAt, expiresAt, hasExpired, usedAt, end } = key
  const until = dayOf(expiresAt, lang)
  const said = [
    keys.created(dayOf(createdAt, lang)),
    hasExpired ? keys.expired(until) : keys.expires(until),
    usedAt === null ? keys.unused : keys.used(instantOf(usedAt, lang)),
    ...(scopes.length === 0 ? [keys.nothing] : []),
  ]
  const list = scopes.map((each) => html`<li>${each}</li>`)
  return html`<li><p class="name" id="${id}"><bdi>${name}</bdi></p>
<p class="hint">${said.join(' ')}</p>${list.length === 0 ? '' : html`<ul>${list}</ul>`}
${postForm(end, { label: keys.end, look: 'danger', describedBy: id })}</li>
`
}

/** What the page shows on which a key is made. */
export interface NewKeyView extends OwnSetting {
  /** What was typed. */
  readonly name: string
  /** What may be chosen: each is sent as `scope ` and its name, with the value `on`. */
  readonly scopes: readonly {
    readonly name: string
    readonly words: string
    readonly isChosen: boolean
  }[]
  /** Days that may be chosen. */
  readonly lifetimes: readonly number[]
  readonly lifetime: number
  /** Why it was not made; null if the form was not sent. */
  readonly problem: string | null
  /** Sends `name`, `days` and the scopes. */
  readonly make: PostForm
  /** The list. A path on this server. */
  readonly list: string
}

/** The page on which a key is made. */
export function newKeyPage(view: NewKeyView): Page {
  const { own, name, lifetimes, lifetime, problem, make, list } = view
  const { form } = own.keys
  const input = field(
    {
      ...{ name: 'name', label: form.name, autocomplete: 'off', value: name },
      hint: form.nameHint,
    },
    [],
    null,
    problem === null,
  )
  const options = lifetimes.map(
    (days) =>
      html`<option value="${String(days)}"${days === lifetime ? html` selected` : ''}>${form.days(days)}</option>`,
  )
  const body = html`${problem === null ? '' : problemSummary(problem, 'name')}<form method="post" action="${make.action}">
${hiddenFields(make.hidden)}${input}${scopeFields(view)}<div class="field"><label for="days">${form.lifetime}</label>
<select id="days" name="days">${options}</select></div>
<button class="main">${form.button}</button>
</form>
<p><a href="${list}">${form.cancel}</a></p>
`
  return ownPage({ ...view, account: null }, { title: form.title, kind: 'new-key', body })
}

function scopeFields({ own: { keys }, scopes }: NewKeyView): Html {
  const { form } = keys
  if (scopes.length === 0) return html`<p>${form.noScopes}</p>\n`
  const boxes = scopes.map(
    ({ name, words, isChosen }) =>
      html`<label class="check"><input type="checkbox" name="scope ${name}"${isChosen ? html` checked` : ''}>${words}</label>\n`,
  )
  return html`<fieldset aria-describedby="scopes-hint"><legend>${form.scopes}</legend>
<p class="hint" id="scopes-hint">${form.scopesHint}</p>
${boxes}</fieldset>
`
}

/** The page with a key that was just made. It is shown here alone. */
export function madeKeyPage(
  view: OwnSetting & { readonly name: string; readonly key: string; readonly list: string },
): Page {
  const { own, name, key, list } = view
  const { title, lead, copy, copied, kept } = own.keys.made
  const body = html`<p>${named(lead, name)}</p>
<pre><code data-secret>${key}</code></pre>
${onceShownButtons({ copy, copied })}<p><a href="${list}">${kept}</a></p>
`
  return ownPage(
    { ...view, account: null },
    { title, kind: 'made-key', body, script: onceShownScript },
  )
}
