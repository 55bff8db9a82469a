import type { Problem } from '../../pages/form.ts'
import type { AccountFieldName, AccountTexts } from '../../pages/texts/account-texts.ts'
import type { PageField, PageValues } from './account-page.ts'

/** A reason why a form is not accepted. */
export type PageProblem = Problem & { readonly field: AccountFieldName | null }

/** The fields of a form as they were typed. */
export function typedIn(
  form: ReadonlyMap<string, string>,
  fields: readonly PageField[],
): PageValues {
  const given = fields.map(({ name }) => [name, form.get(name)] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

/** The code of a link, which may have been pasted whole; null if there is none in the text. */
export function tokenIn(text: string): string | null {
  return /(?<![\w-])pot_[\w-]{43}(?![\w-])/.exec(text)?.[0] ?? null
}

/** What is wrong before anybody is asked: fields that are empty, and a code that is none. */
export function obviousProblems(
  fields: readonly PageField[],
  values: PageValues,
  { problems }: AccountTexts,
): readonly PageProblem[] {
  return fields.flatMap(({ name, optional = false }) => {
    const value = values[name]
    if (value === undefined) return optional ? [] : [{ field: name, text: problems.missing }]
    const isToken = name !== 'token' || tokenIn(value) !== null
    return isToken ? [] : [{ field: name, text: problems.token }]
  })
}

/** The field that an error of a user is about; null if it is about none. */
export function fieldOf(code: string, fields: readonly PageField[]): AccountFieldName | null {
  const [about] = code.split('_')
  const wanted = code === 'registration_refused' ? 'email' : about
  return fields.find(({ name }) => name === wanted)?.name ?? null
}
