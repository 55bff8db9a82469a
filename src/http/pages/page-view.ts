import { accountFormPage, accountMessagePage, type PageLink } from '../../pages/account-page.ts'
import type { Site } from '../../pages/site.ts'
import type {
  AccountPageName,
  AccountTexts,
  MessageTexts,
} from '../../pages/texts/account-texts.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { AccountPage, PageDone, PageValues } from './account-page.ts'
import { pageAnswer } from './page-answers.ts'
import type { PageProblem } from './page-form.ts'

/** What the pages of an application have in common. */
export interface PageSurroundings {
  readonly site: Site
  /** Code points. */
  readonly minPasswordLength: number
  /** Where a page is for a browser; null if there is none. */
  readonly linkTo: (name: AccountPageName) => string | null
}

/** The answers of a page in one language. */
export interface PageView {
  readonly texts: AccountTexts
  /** The form, with what was typed: a form shows no password. */
  form(
    status: number,
    values?: PageValues,
    problems?: readonly PageProblem[],
    headers?: Readonly<Record<string, string>>,
  ): EndpointAnswer
  done(done: PageDone): EndpointAnswer
  /** The link works no more. */
  gone(): EndpointAnswer
  /** Nothing was done. */
  refused(
    status: number,
    why: 'foreign' | 'unreadable',
    headers?: Readonly<Record<string, string>>,
  ): EndpointAnswer
}

export function createPageView(
  { name, fields, behindLink, askAgainOn, withoutLink }: AccountPage,
  { site, minPasswordLength, linkTo }: PageSurroundings,
  texts: AccountTexts,
): PageView {
  const { pages, links } = texts

  function link(to: AccountPageName | undefined, label: string): PageLink | undefined {
    const path = to === undefined ? null : linkTo(to)
    return path === null ? undefined : { path, label }
  }

  function message(
    status: number,
    kind: 'success' | 'information',
    says: MessageTexts,
    next: PageLink | string | undefined,
    headers?: Readonly<Record<string, string>>,
  ): EndpointAnswer {
    const page = accountMessagePage({ site, texts, kind, says, next })
    return pageAnswer(status, page, texts, headers)
  }

  return {
    texts,
    form(status, values = {}, problems = [], headers = {}) {
      const shown = fields.map(({ name: field, optional, hint }) => ({
        ...{ name: field, optional, hint: hint?.(texts, minPasswordLength) },
        value: values[field] ?? '',
      }))
      const page = accountFormPage({
        ...{ site, texts, words: pages[name], fields: shown, problems },
        behindLink: link(behindLink, links.haveLink),
      })
      return pageAnswer(status, page, texts, headers)
    },
    done: ({ says, next }) =>
      message(200, 'success', says, next && link(next.page, links[next.label])),
    gone() {
      const next = link(askAgainOn, links.askAgain) ?? withoutLink?.(texts)
      return message(410, 'information', texts.gone, next)
    },
    refused: (status, why, headers) =>
      message(status, 'information', texts[why], link(name, links.open), headers),
  }
}
