// How the pages look on which people register and choose passwords.

import { accentProblems, isLogoUrl, logoRule } from '../../http/pages/page-options.ts'
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
