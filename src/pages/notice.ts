import { type Html, html } from './html.ts'

/** A triangle: something is wrong. Its shape tells it from the others where its colour does not. */
export const warningIcon: Html = icon('M10 4 2 19h16zM10 9v5m0 2v1')

type NoticeKind = 'information' | 'success'

const icons: Readonly<Record<NoticeKind, Html>> = {
  information: icon('M10 4a8 8 0 1 0 .01 0M10 11v6m0-9v1'),
  success: icon('M10 4a8 8 0 1 0 .01 0M6 12.5l3 3 5-6'),
}

/** One sentence with an icon: a hint that nothing is wrong with, or word that something is done. */
export function notice(content: Html, kind: NoticeKind = 'information'): Html {
  return html`<p class="notice ${kind}">${icons[kind]}<span>${content}</span></p>`
}

function icon(path: string): Html {
  return html`<svg class="icon" viewBox="0 0 20 24" aria-hidden="true"><path d="${path}" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"/></svg>`
}
