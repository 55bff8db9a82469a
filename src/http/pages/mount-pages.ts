import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import { preferredLocale } from '../../core/mail/locale.ts'
import type { AccountPageName, AccountTexts } from '../../pages/texts/account-texts.ts'
import { pageLocales, textsIn } from '../../pages/texts/texts.ts'
import { formMaxBytes } from '../form.ts'
import type { MountedEndpoint } from '../mounted-endpoint.ts'
import { accountPages } from './account-pages.ts'
import { answerPage } from './answer-page.ts'
import { pageRefusals } from './page-answers.ts'
import { type PageOptions, readPageOptions } from './page-options.ts'

/** Where pages are. */
interface PagePlace {
  /** Before their paths here. */
  readonly base: string
  /** Before their paths where a browser reaches them. */
  readonly issuerPath: string
}

/**
 * The pages of what is switched on, but for those that the application has itself.
 *
 * @throws {ConfigError} if they cannot look as the options say.
 */
export function mountPages(
  auth: Auth,
  options: PageOptions,
  { base, issuerPath }: PagePlace,
): readonly MountedEndpoint[] {
  const { accounts, passwordPolicy } = auth
  const site = readPageOptions(options, accounts.name)
  const { links = {}, locale = 'en' } = auth[internals].accountSettings ?? {}
  const on = accountPages.filter(({ isOn }) => isOn(accounts))
  const refusals = pageRefusals({ site, texts: textsIn(locale) })

  function linkTo(name: AccountPageName): string | null {
    const page = on.find((each) => each.name === name)
    return page === undefined ? null : (links[page.link] ?? issuerPath + page.path)
  }

  function textsFor(accepted: string | undefined): AccountTexts {
    return textsIn(preferredLocale(accepted, pageLocales) ?? locale)
  }

  const around = { site, linkTo, minPasswordLength: passwordPolicy.minLength }
  return on
    .filter(({ link }) => links[link] === undefined)
    .map((page) => ({
      ...{ path: base + page.path, refusals, bodyLimit: formMaxBytes },
      ...{ methods: ['GET', 'POST'], sharesPath: false },
      documentation: undefined,
      answer: answerPage(page, auth, around, textsFor),
    }))
}
