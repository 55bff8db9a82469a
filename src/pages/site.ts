import type { Html } from './html.ts'
import { html } from './html.ts'
import { faviconOf, logo } from './logo.ts'
import { accentStyle, defaultAccent, style } from './style.ts'

/** A picture that stands for a site. */
export interface SiteLogo {
  /** A path on the same server, an https URL, or a PNG or an SVG as a data URL. */
  readonly url: string
  /** What the picture says, if it has the name in it. Default: the name stands beside the picture. */
  readonly alt?: string
}

/** The colour of links, of the main button and of the focus, as `#rrggbb`. */
export interface SiteAccent {
  /** On white: a contrast of 4.5 at least (WCAG 2.2, 1.4.3). */
  readonly light: string
  /** On `#1c1f28`: the same. */
  readonly dark: string
}

/** What pages call a site, and how they look. */
export interface Site {
  readonly name: string
  readonly logo?: SiteLogo | undefined
  readonly accent?: SiteAccent | undefined
  /** Styles behind ours. */
  readonly css?: string | undefined
}

/** The site of pages that no application has named. */
export const portcullisSite: Site = { name: 'Portcullis' }

/** What the head of a page has, and what its policy must allow. */
export interface SiteParts {
  readonly header: Html
  readonly icon: string
  readonly style: string
  /** Where images come from, besides data URLs. */
  readonly imageSources: readonly string[]
}

/** The parts of pages that differ from site to site. @param more Styles of a page. Default none. */
export function partsOf({ name, logo: own, accent, css = '' }: Site, more = ''): SiteParts {
  const label = own?.alt === undefined ? name : ''
  return {
    header: html`<header>${own === undefined ? logo : image(own)}${label}</header>`,
    icon: own?.url ?? faviconOf(accent ?? defaultAccent),
    style: style + more + (accent === undefined ? '' : accentStyle(accent)) + css,
    imageSources: own === undefined ? [] : sourceOf(own.url),
  }
}

function image({ url, alt = '' }: SiteLogo): Html {
  return html`<img src="${url}" alt="${alt}">`
}

/** What a policy must allow for a picture, besides data URLs. */
export function sourceOf(url: string): readonly string[] {
  if (url.startsWith('data:')) return []
  return [url.startsWith('/') ? "'self'" : new URL(url).origin]
}
