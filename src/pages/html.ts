/** A piece of HTML, in which every text has been escaped. */
export interface Html {
  readonly markup: string
}

/** Text, a piece of HTML, or several. */
type Value = string | Html | readonly Html[]

/** Makes HTML of a template. What is put into it is escaped, unless it is HTML itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: String.raw({ raw: parts }, ...values.map(markupOf)) }
}

function markupOf(value: Value): string {
  if (typeof value === 'string') return escapeHtml(value)
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
