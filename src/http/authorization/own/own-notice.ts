import type { EndpointAnswer } from '../../token-messages.ts'
import { moveOn } from '../flow-answers.ts'
import { readQuery } from '../query-parameters.ts'
import { pathOf, type Visit } from './own-page.ts'

/** What a page says of the form that led to it. */
export interface DoneNotice {
  readonly what: string
  /** What it was done to, such as the id of a client; empty for nothing. */
  readonly about: string
}

const purpose = 'own page'
/** Seconds. */
const lifetime = 60

/** The query under which a page says that something was done. Nobody else can make a link that says so. */
export function doneQuery(
  { flow, browser }: Visit,
  what: string,
  about = '',
): { readonly done: string } {
  const says = { what, about, of: browser.session.id }
  return { done: flow.authorization.proofs.seal(purpose, says, lifetime) }
}

/** What a page is to say; null for nothing. */
export function readDone({ flow, request, browser }: Visit): DoneNotice | null {
  const text = readQuery(request.query)?.values.get('done')
  const says = text === undefined ? null : flow.authorization.proofs.open(purpose, text)
  if (says?.of !== browser.session.id) return null
  const { what = '', about = '' } = says
  return { what, about }
}

/**
 * The answer to a form that was done: on to its page, which says so. So nothing is done again by loading the page
 * again.
 */
export function showDone(
  visit: Visit,
  { what, about = '' }: { readonly what: string; readonly about?: string },
  cookies?: readonly string[],
): EndpointAnswer {
  const { flow, request, page } = visit
  const path = pathOf(flow, page, doneQuery(visit, what, about))
  return moveOn(flow, flow.textsFor(request), path, cookies)
}
