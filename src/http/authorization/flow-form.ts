import type { EndpointRequest } from '../mounted-endpoint.ts'
import { readPostedForm } from '../posted-form.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { type FormBinding, isFromOwnPage } from './csrf.ts'
import type { Flow } from './flow.ts'
import { showError } from './flow-answers.ts'

/** What a form of ours was sent with. */
export type FlowForm = ReadonlyMap<string, string>

/** The fields of a form; or the page that says that it is none. */
export async function readFlowForm(
  flow: Flow,
  request: EndpointRequest,
): Promise<FlowForm | EndpointAnswer> {
  const form = await readPostedForm(request)
  return typeof form === 'number' ? showError(flow, request, form, 'unreadable') : form
}

/** Whether it is a form that this browser was shown, for what it is bound to (RFC 6749 §10.12). */
export function isOurForm(
  { auth, csrf, cookies }: Flow,
  { header, guarded }: EndpointRequest,
  form: FlowForm,
  binding: FormBinding,
): boolean {
  const cookie = cookies.form.read(guarded)
  return isFromOwnPage(header, auth.issuer) && csrf.verify(form.get('csrf'), cookie, binding)
}

/** True for the page in place of a form. */
export function isAnswer(form: FlowForm | EndpointAnswer): form is EndpointAnswer {
  return 'status' in form
}
