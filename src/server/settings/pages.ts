// How the pages look on which people log in, register and choose passwords.

import { readFileSync } from 'node:fs'
import { accentProblems, cssProblem, isLogoUrl, logoRule } from '../../http/pages/page-options.ts'
import type { SiteAccent } from '../../pages/site.ts'
import { judged, type Setting, setting } from './setting.ts'

/** Undefined: the gate. */
export const siteLogo: Setting<string | undefined> = judged<undefined>(
  'SITE_LOGO',
  (given) => (isLogoUrl(given) ? [] : [`must be ${logoRule}`]),
  {
    fallback: undefined,
    default: 'a gate',
    description:
      'The picture above the pages of accounts: an https URL, a path on the host of this server, or a PNG or SVG as a data URL.',
  },
)

/** Undefined: the usual one. */
export const siteAccent: Setting<SiteAccent | undefined> = setting(
  'SITE_ACCENT',
  {
    fallback: undefined,
    default: '`3049c9,93a5ff`',
    description:
      'The colour of links and of the main button on these pages, for light and for dark screens: two colours as six hexadecimal digits. Each must have a contrast of 4.5 with the page.',
  },
  (given, problems) => {
    const [light = '', dark = ''] = given
      .split(',')
      .map((each) => `#${each.trim().replace('#', '')}`)
    const found = accentProblems({ light, dark })
    problems.push(...found.map((reason) => `SITE_ACCENT${reason}`))
    return found.length === 0 ? { light, dark } : undefined
  },
)

/** Undefined: none. */
export const siteCss: Setting<string | undefined> = setting(
  'SITE_CSS',
  {
    fallback: undefined,
    default: 'none',
    description:
      'A file with styles that are added to these pages: other values of their custom properties, for a start. Read when the server starts.',
  },
  (given, problems) => {
    try {
      const css = readFileSync(given, 'utf8')
      const problem = cssProblem(css)
      if (problem === null) return css
      problems.push(`SITE_CSS ${problem}.`)
    } catch {
      problems.push('SITE_CSS must be the path of a file that the server can read.')
    }
    return undefined
  },
)
