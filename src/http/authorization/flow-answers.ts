import { ThrottledError } from '../../core/errors.ts'
import { authorizationErrorPage } from '../../pages/authorization-error-page.ts'
import { movingOnPage } from '../../pages/moving-on-page.ts'
import type { Page } from '../../pages/page.ts'
import type { MessageTexts } from '../../pages/texts/account-texts.ts'
import type { LoginErrorName, LoginTexts } from '../../pages/texts/login-texts.ts'
import type { EndpointRequest, Refusals } from '../mounted-endpoint.ts'
import { isLater, type LaterError, retryAfter } from '../pages/page-answers.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { Flow } from './flow.ts'

/** What goes with an answer. */
export interface AnswerExtras {
  readonly cookies?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly refusal?: EndpointAnswer['refusal'] | undefined
}

/** Why a form is shown again. */
export interface FormFailure {
  readonly status: number
  readonly problem: (texts: LoginTexts) => string
}

/** What a form says that was not looked at: the same may be accepted later. */
export function laterFailure(error: LaterError): FormFailure & { readonly extras: AnswerExtras } {
  const isThrottled = error instanceof ThrottledError
  return {
    status: isThrottled ? 429 : 503,
    problem: ({ problems }) =>
      problems[isThrottled ? 'throttled' : 'unavailable'](error.retryAfter),
    extras: { headers: retryAfter(error), refusal: error },
  }
}

/**
 * What every answer to a browser says. `unsafe-none`: the window that opened this one may be of another origin,
 * and finds it again. `same-origin`: with `no-referrer` browsers send `Origin: null` along with our own forms.
 */
export const flowHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'unsafe-none',
}

const pageHeaders: Readonly<Record<string, string>> = {
  ...flowHeaders,
  'content-type': 'text/html; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()',
  vary: 'Accept-Language',
}

/** The answer with a page. Nothing keeps it, and nobody frames it. */
export function showPage(
  status: number,
  { html, contentSecurityPolicy }: Page,
  { lang }: Pick<LoginTexts, 'lang'>,
  { cookies, headers, refusal }: AnswerExtras = {},
): EndpointAnswer {
  return {
    status,
    headers: {
      ...pageHeaders,
      'content-language': lang,
      'content-security-policy': contentSecurityPolicy,
      ...headers,
    },
    ...(cookies && { cookies }),
    body: html,
    ...(refusal && { refusal }),
  }
}

/** 303, so that nothing that was posted follows (RFC 9700 §4.12). */
export function redirectTo(location: string, cookies?: readonly string[]): EndpointAnswer {
  return {
    status: 303,
    headers: { ...flowHeaders, location },
    ...(cookies && { cookies }),
    body: null,
  }
}

/** A page that says what is wrong, and shows nothing of the request. */
export function showError(
  flow: Flow,
  request: Pick<EndpointRequest, 'header' | 'requestId'>,
  status: number,
  what: LoginErrorName | ((texts: LoginTexts) => MessageTexts),
  extras: AnswerExtras = {},
): EndpointAnswer {
  const texts = flow.textsFor(request)
  const says = typeof what === 'string' ? texts.errors[what] : what(texts)
  const { site } = flow
  const page = authorizationErrorPage({ site, texts, says, requestId: request.requestId ?? null })
  return showPage(status, page, texts, extras)
}

/**
 * The answer to a form that was accepted: a page that moves on by itself. A redirect would be held against the
 * policy `form-action`, and so would all that follow it.
 *
 * @param url A path on this server.
 */
export function moveOn(
  { site }: Pick<Flow, 'site'>,
  texts: LoginTexts,
  url: string,
  cookies?: readonly string[],
): EndpointAnswer {
  return showPage(200, movingOnPage({ site, texts, url }), texts, cookies && { cookies })
}

/** The page for work that was not begun. */
function showLater(
  flow: Flow,
  request: Pick<EndpointRequest, 'header' | 'requestId'>,
  error: LaterError,
): EndpointAnswer {
  const { status, problem, extras } = laterFailure(error)
  const says = (texts: LoginTexts): MessageTexts => ({
    title: texts.later(error.retryAfter).title,
    text: problem(texts),
  })
  return showError(flow, request, status, says, extras)
}

/** The method is none of those that are taken. @param allow Default: those of pages and forms. */
export function refuseMethod(
  flow: Flow,
  request: EndpointRequest,
  allow = 'GET, HEAD, POST',
): EndpointAnswer {
  return showError(flow, request, 405, 'method', { headers: { allow } })
}

/** Answers as `answer` does; by a page that says so if it is not done now: too much waits, or was tried. */
export function withPages(
  flow: Flow,
  answer: (request: EndpointRequest) => Promise<EndpointAnswer>,
): (request: EndpointRequest) => Promise<EndpointAnswer> {
  return async (request) => {
    try {
      return await answer(request)
    } catch (error) {
      if (isLater(error)) return showLater(flow, request, error)
      throw error
    }
  }
}

/** Requests that were refused before they were asked, as pages: nobody knows their language. */
export function flowRefusals(flow: Flow): Refusals {
  const request = { header: () => undefined, requestId: undefined }
  return {
    refuse: (status) => showError(flow, request, status, status < 500 ? 'unreadable' : 'failed'),
    answer(error) {
      if (!isLater(error)) throw error
      return showLater(flow, request, error)
    },
  }
}
