import type { PostForm } from '../../../pages/post-form.ts'
import type { FormBinding } from '../csrf.ts'
import { type OwnForm, pathOf, type Visit } from './own-page.ts'

/** Makes the forms of a page that is being shown. */
export interface OwnForms {
  /** @param fields What is sent along. @param state As of `OwnForm`. */
  form(name: string, fields?: Readonly<Record<string, string>>, state?: string): PostForm
  readonly cookies: readonly string[]
}

export function createOwnForms({ flow, request, browser, page }: Visit): OwnForms {
  const { value, cookies } = flow.formCookie(request)
  return {
    cookies,
    form(name, fields = {}, state) {
      // Each is one of the page.
      const form = page.forms[name] as OwnForm
      const all: Readonly<Record<string, string>> = {
        ...fields,
        ...(state !== undefined && { state }),
      }
      const binding = bindingOf({ page, browser }, name, form, (each) => all[each])
      const csrf = flow.csrf.create(value, binding)
      return { action: pathOf(flow, page), hidden: { form: name, csrf, ...all } }
    },
  }
}

/** What a form is bound to: its page, the session, and what it says that nobody types. */
export function bindingOf(
  { page, browser: { session } }: Pick<Visit, 'page' | 'browser'>,
  name: string,
  { bound = [], state }: OwnForm,
  read: (field: string) => string | undefined,
): FormBinding {
  const fields = state === undefined ? bound : [...bound, 'state']
  return {
    ...{ form: `${page.name} ${name}`, request: '' },
    shown: [session.id, ...fields.map((each) => read(each) ?? '')],
  }
}
