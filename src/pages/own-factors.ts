import { field } from './form.ts'
import { type Html, html } from './html.ts'
import { dayOf } from './own-parts.ts'
import { hiddenFields, type PostForm, postForm } from './post-form.ts'
import type { OwnTexts } from './texts/own-texts.ts'

/** Characters of a name at most. */
export const longestFactorName = 64

/** A second factor of a user, as a page shows it. */
export interface ShownFactor {
  readonly name: string
  /** Seconds since 1970. */
  readonly addedAt: number
  /** Seconds since 1970; null if it was not used yet. */
  readonly usedAt: number | null
  /** Sends `name`. */
  readonly rename: PostForm
  /** The name that was sent, and why it was not accepted. Default: none was. */
  readonly renamed?: { readonly name: string; readonly problem: string | null }
  readonly remove: PostForm
}

/** The list of factors of one kind. @param kind What the ids on the page begin with. */
export function ownFactors(factors: readonly ShownFactor[], kind: string, own: OwnTexts): Html {
  const items = factors.map((each, index) => item(each, `${kind}-${index + 1}`, own))
  return html`<ul class="items">${items}</ul>
`
}

function item(
  { name, addedAt, usedAt, rename, renamed, remove }: ShownFactor,
  id: string,
  { signIn: { factor }, lang }: OwnTexts,
): Html {
  const used = usedAt === null ? factor.unused : factor.used(dayOf(usedAt, lang))
  const input = field(
    {
      ...{ name: 'name', id: `${id}-name`, label: factor.field },
      ...{ autocomplete: 'off', value: renamed?.name ?? name, maxLength: longestFactorName },
    },
    renamed?.problem ? [{ field: 'name', text: renamed.problem }] : [],
    null,
    renamed !== undefined,
  )
  return html`<li><p class="name" id="${id}"><bdi>${name}</bdi></p>
<p class="hint">${factor.added(dayOf(addedAt, lang))} ${used}</p>
<div class="actions"><details${renamed ? html` open` : ''}><summary aria-describedby="${id}">${factor.rename}</summary><form method="post" action="${rename.action}">${hiddenFields(rename.hidden)}${input}<button>${factor.save}</button></form></details>
${postForm(remove, { label: factor.remove, look: 'danger', describedBy: id })}</div></li>
`
}
