import { ThrottledError, UnavailableError } from '../../core/errors.ts'
import { type AccountPageSetting, accountMessagePage } from '../../pages/account-page.ts'
import type { Page } from '../../pages/page.ts'
import type { AccountTexts } from '../../pages/texts/account-texts.ts'
import type { Refusals } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'

/** The answer with a page. Nothing keeps it, frames it, or is told where it led. */
export function pageAnswer(
  status: number,
  { html, contentSecurityPolicy }: Page,
  { lang }: AccountTexts,
  headers: Readonly<Record<string, string>> = {},
): EndpointAnswer {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-language': lang,
      'content-security-policy': contentSecurityPolicy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      vary: 'Accept-Language',
      ...headers,
    },
    body: html,
  }
}

/** Requests that were refused before a page was asked, as pages: nobody knows their language. */
export function pageRefusals(setting: AccountPageSetting): Refusals {
  const { texts } = setting
  function refuse(status: number): EndpointAnswer {
    const says = status < 500 ? texts.unreadable : texts.failed
    return pageAnswer(status, accountMessagePage({ ...setting, kind: 'information', says }), texts)
  }
  return {
    refuse,
    answer(error) {
      if (!(error instanceof UnavailableError)) throw error
      const { title } = texts.failed
      const says = { title, text: laterText(error, texts) }
      const page = accountMessagePage({ ...setting, kind: 'information', says })
      return { ...pageAnswer(503, page, texts, retryAfter(error)), refusal: error }
    },
  }
}

/** An error after which the same form may be accepted later. */
export type LaterError = ThrottledError | UnavailableError

export function isLater(error: unknown): error is LaterError {
  return error instanceof ThrottledError || error instanceof UnavailableError
}

/** What is said of it. */
export function laterText(error: LaterError, { problems }: AccountTexts): string {
  const say = error instanceof ThrottledError ? problems.throttled : problems.unavailable
  return say(error.retryAfter)
}

export function retryAfter(error: LaterError): Readonly<Record<string, string>> {
  return { 'retry-after': String(error.retryAfter) }
}
