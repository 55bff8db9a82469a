import type { Auth } from '../../core/auth.ts'
import { UserError } from '../../core/errors.ts'
import type { AccountTexts } from '../../pages/texts/account-texts.ts'
import { answerError } from '../error-answers.ts'
import type { EndpointRequest, MountedEndpoint } from '../mounted-endpoint.ts'
import { readPostedForm } from '../posted-form.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { AccountPage, PageValues } from './account-page.ts'
import { isLater, laterText, retryAfter } from './page-answers.ts'
import { fieldOf, obviousProblems, tokenIn, typedIn } from './page-form.ts'
import { createPageView, type PageSurroundings, type PageView } from './page-view.ts'
import { isSentFromHere } from './same-origin.ts'

/**
 * Answers the requests to a page: shows its form, and does what a form asks for that a person has sent from
 * there.
 *
 * @param textsFor The texts for a reader with this `Accept-Language`.
 */
export function answerPage(
  page: AccountPage,
  auth: Auth,
  around: PageSurroundings,
  textsFor: (accepted: string | undefined) => AccountTexts,
): MountedEndpoint['answer'] {
  return async (request) => {
    const { method, header } = request
    const view = createPageView(page, around, textsFor(header('accept-language')))
    // A program that looks at links for its user changes nothing by that.
    if (method === 'GET' || method === 'HEAD') return view.form(200)
    if (method !== 'POST') return view.refused(405, 'unreadable', { allow: 'GET, HEAD, POST' })
    if (!isSentFromHere(header, auth.issuer)) return view.refused(403, 'foreign')
    const form = await readPostedForm(request)
    return typeof form === 'number'
      ? view.refused(form, 'unreadable')
      : await submit(page, auth, view, typedIn(form, page.fields), request)
  }
}

async function submit(
  page: AccountPage,
  auth: Auth,
  view: PageView,
  values: PageValues,
  { header, address, requestId }: EndpointRequest,
): Promise<EndpointAnswer> {
  const { texts } = view
  const obvious = obviousProblems(page.fields, values, texts)
  if (obvious.length > 0) return view.form(422, values, obvious)
  const { token } = values
  const given = token === undefined ? values : { ...values, token: tokenIn(token) ?? '' }
  const userAgent = header('user-agent')
  const origin = { address, requestId, userAgent, locale: header('accept-language') ?? null }
  try {
    const done = await page.submit(auth.accounts, given, origin)
    return view.done(done(texts))
  } catch (error) {
    if (isLater(error)) {
      const problems = [{ field: null, text: laterText(error, texts) }]
      const status = answerError(error)?.status ?? 503
      return { ...view.form(status, given, problems, retryAfter(error)), refusal: error }
    }
    if (!(error instanceof UserError)) throw error
    if (error.code === 'link_ended') return view.gone()
    const field = fieldOf(error.code, page.fields)
    const problems = error.problems.map((each) => ({ field, text: texts.problems.reason(each) }))
    return view.form(answerError(error)?.status ?? 422, given, problems)
  }
}
