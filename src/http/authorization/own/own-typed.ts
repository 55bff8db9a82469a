import type { EndpointRequest } from '../../mounted-endpoint.ts'
import type { Flow } from '../flow.ts'
import type { FlowForm } from '../flow-form.ts'
import { readQuery } from '../query-parameters.ts'
import type { OwnForm, Visit } from './own-page.ts'

const purpose = 'own form'
/** Seconds that the login may take. */
const lifetime = 10 * 60

/**
 * The query under which a form has after a login what was typed before it. Empty if nothing of it is kept, or if it
 * is too long for a proof: then it is typed again. The longest name fits, in any script.
 */
export function typedQuery(
  { flow, browser }: Pick<Visit, 'flow' | 'browser'>,
  name: string,
  { keeps }: OwnForm,
  form: FlowForm,
): { readonly typed?: string } {
  const typed = JSON.stringify([...form].filter(([field]) => keeps?.(field)))
  if (typed === '[]') return {}
  const says = { form: name, typed, of: browser.session.id }
  const sealed = flow.authorization.proofs.seal(purpose, says, lifetime)
  return open(flow, sealed) === null ? {} : { typed: sealed }
}

/** The same query of a request, for the login in between; empty for none, and for what is not ours. */
export function carriedTyped(flow: Flow, { query }: Pick<EndpointRequest, 'query'>): string {
  const text = readQuery(query)?.values.get('typed') ?? ''
  return open(flow, text) === null ? '' : text
}

/** What was typed into a form of the page, before the login that leads back to it. */
export function readTyped({ flow, request, browser }: Visit, name: string): FlowForm {
  const says = open(flow, carriedTyped(flow, request))
  const isOfForm = says?.form === name && says.of === browser.session.id
  return new Map(isOfForm ? JSON.parse(says.typed ?? '[]') : [])
}

function open({ authorization }: Flow, text: string): Readonly<Record<string, string>> | null {
  return authorization.proofs.open(purpose, text)
}
