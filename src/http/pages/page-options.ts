import { ConfigError } from '../../core/errors.ts'
import { recordOf, type ShapesOf, text } from '../../core/options.ts'
import { contrastOf, isColour } from '../../pages/contrast.ts'
import type { Site, SiteAccent, SiteLogo } from '../../pages/site.ts'
import { surface } from '../../pages/style.ts'

export type { SiteAccent, SiteLogo } from '../../pages/site.ts'

/** What pages call the site, and how they look. */
export interface PageOptions {
  /** Stands above each page and in its title. Default: `accounts.name`. */
  readonly name?: string
  /** Stands above each page. Default: a gate, in the accent. */
  readonly logo?: SiteLogo
  /** The colour of links and of the main button. Default: `#3049c9` in light, `#93a5ff` in dark. */
  readonly accent?: SiteAccent
  /** Styles that are added to each page, such as other values of its custom properties. Default none. */
  readonly css?: string
}

/** What each of them has to be. */
export const pageShapes: ShapesOf<PageOptions> = {
  name: text,
  logo: recordOf<SiteLogo>({ url: text, alt: text }),
  accent: recordOf<SiteAccent>({ light: text, dark: text }),
  css: text,
}

/** WCAG 2.2, 1.4.3. */
const leastContrast = 4.5

/** @throws {ConfigError} with every reason why pages cannot look like that. */
export function readPageOptions({ name, logo, accent, css }: PageOptions, usualName: string): Site {
  const ofCss = css === undefined ? null : cssProblem(css)
  const problems = [
    ...(logo && !isLogoUrl(logo.url) ? [`pages.logo.url must be ${logoRule}.`] : []),
    ...(accent ? accentProblems(accent).map((reason) => `pages.accent${reason}`) : []),
    ...(ofCss === null ? [] : [`pages.css ${ofCss}.`]),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  return { name: name ?? usualName, logo, accent, css }
}

/** Why styles cannot be put into a page: the end of a sentence about them; null if they can. */
export function cssProblem(css: string): string | null {
  if (css.includes('</')) return 'must be styles alone: it has "</" in it'
  return css.length > maxCss ? `must have at most ${maxCss} characters` : null
}

/** Every page has them in it. */
const maxCss = 32_768

/** What the URL of a logo has to be. */
export const logoRule = 'a path on this server, an https URL, or a PNG or SVG as a data URL'

/** True if a page may show a logo from there. */
export function isLogoUrl(url: string | undefined): boolean {
  return (
    /^\/(?!\/)[\w./~%-]*$/.test(url ?? '') ||
    /^data:image\/(?:png|svg\+xml)[;,]/.test(url ?? '') ||
    URL.parse(url ?? '')?.protocol === 'https:'
  )
}

/** Every reason why an accent cannot be used: the end of a sentence about it. */
export function accentProblems(accent: SiteAccent): readonly string[] {
  return (['light', 'dark'] as const).flatMap((scheme) => {
    const colour = accent[scheme] ?? ''
    if (!isColour(colour)) return [`.${scheme} must be a colour of the form #3049c9.`]
    const found = contrastOf(colour, surface[scheme])
    if (found >= leastContrast) return []
    return [
      `.${scheme} needs a contrast of ${leastContrast} with ${surface[scheme]}; ${colour} has ${found.toFixed(2)}: choose a ${scheme === 'light' ? 'darker' : 'lighter'} colour.`,
    ]
  })
}
