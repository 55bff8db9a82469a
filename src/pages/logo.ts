import { type Html, html } from './html.ts'

/** A gate: a round arch, three bars with pointed feet, two crossbars. On a grid of 24. */
const gate =
  'M3 22V11a9 9 0 0 1 18 0v11M7.5 4v16l-1-1.4m1 1.4 1-1.4M12 2v18l-1-1.4m1 1.4 1-1.4M16.5 4v16l-1-1.4m1 1.4 1-1.4M3 9.5h18M3 15h18'

/** The same with two bars, for 16 pixels. */
const smallGate = 'M3 22V11a9 9 0 0 1 18 0v11M9 3v18M15 3v18M3 12h18'

/** The logo in the colour of the text around it. */
export const logo: Html = html`<svg class="logo" viewBox="0 0 24 24" width="32" height="32" aria-hidden="true"><path d="${gate}" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"/></svg>`

/** The icon of a tab in these colours, as a URL that holds it: no second request. */
export function faviconOf({
  light,
  dark,
}: {
  readonly light: string
  readonly dark: string
}): string {
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><style>path{stroke:${light}}@media(prefers-color-scheme:dark){path{stroke:${dark}}}</style><path d="${smallGate}" fill="none" stroke-width="2.4"/></svg>`,
  )}`
}
