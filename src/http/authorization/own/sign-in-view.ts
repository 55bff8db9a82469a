import type { Factor, Factors } from '../../../core/factors/factor-calls.ts'
import { internals } from '../../../core/internals.ts'
import { factorSetUpPage } from '../../../pages/factor-page.ts'
import type { ShownFactor } from '../../../pages/own-factors.ts'
import { type SignInView, signInPage } from '../../../pages/own-sign-in-page.ts'
import { textsIn } from '../../../pages/texts/texts.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { type AnswerExtras, type FormFailure, showPage } from '../flow-answers.ts'
import type { FlowForm } from '../flow-form.ts'
import { createOwnForms, type OwnForms } from './own-forms.ts'
import { pathOf, type Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'
import { readTyped } from './own-typed.ts'
import { addPasskeyOf } from './passkey-form.ts'

/** Why the page is shown again. */
export interface SignInFailure extends AnswerExtras, Partial<FormFailure> {
  /** The field of the password form that it is about. Default: it is about none. */
  readonly field?: 'current' | 'password'
  /** True if a password was left empty. */
  readonly missing?: boolean
  /** What a form of a factor was sent with. Default: none was. */
  readonly form?: FlowForm
}

/** The page with the password, the factors and the recovery codes. */
export async function showSignIn(visit: Visit, failure?: SignInFailure): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const { auth } = flow
  const setting = settingOf(visit)
  const { texts, own } = setting
  const forms = createOwnForms(visit)
  const problem = failure?.problem?.(texts) ?? null
  const { missing } = own.signIn.password
  const typed = failure?.form ?? new Map([['form', 'addApp'], ...readTyped(visit, 'addApp')])
  const isAtField = failure?.field !== undefined || typed.get('form') === 'rename'
  const problems: NonNullable<SignInView['password']>['problems'] = failure?.missing
    ? [{ field: null, text: missing }]
    : failure?.field !== undefined && problem !== null
      ? [{ field: failure.field, text: problem }]
      : []
  const page = signInPage({
    ...setting,
    problem: isAtField ? null : problem,
    password:
      browser.user.passwordHash === null
        ? null
        : {
            ...{ change: forms.form('password'), problems },
            hint: textsIn(texts.lang).passwordHint(auth.passwordPolicy.minLength),
          },
    factors:
      auth.factors === null
        ? null
        : await factorsOf(visit, auth.factors, forms, { typed, problem }),
  })
  return showPage(failure?.status ?? 200, page, texts, { ...failure, cookies: forms.cookies })
}

/** What was typed into a form of factors, and why it was not accepted. */
interface TypedFactor {
  readonly typed: FlowForm
  readonly problem: string | null
}

async function factorsOf(
  visit: Visit,
  factors: Factors,
  forms: OwnForms,
  { typed, problem }: TypedFactor,
): Promise<SignInView['factors']> {
  const { id } = visit.browser.user
  const { form } = forms
  const [all, left] = await Promise.all([factors.list(id), factors.recoveryCodesLeft(id)])
  const [sent, name = ''] = [typed.get('form'), typed.get('name')]
  const shown = (kind: Factor['kind']): readonly ShownFactor[] =>
    all
      .filter((each) => each.kind === kind)
      .map((each) => ({
        ...{ name: each.name, addedAt: each.createdAt, usedAt: each.lastUsedAt },
        ...(sent === 'rename' && typed.get('id') === each.id && { renamed: { name, problem } }),
        rename: form('rename', { id: each.id }),
        remove: form('remove', { id: each.id }),
      }))
  return {
    ...{ apps: shown('totp'), passkeys: shown('passkey'), addApp: form('addApp') },
    appName: sent === 'addApp' ? name : '',
    addPasskey:
      factors.passkeys === null ? null : await addPasskeyOf(visit, factors.passkeys, forms),
    recovery:
      all.length === 0 ? null : { left, renew: form('renewCodes', {}, await recoveryState(visit)) },
  }
}

/** What new recovery codes change: the event that they were made. */
export async function recoveryState({ flow, browser }: Visit): Promise<string> {
  const about = { userId: browser.user.id, type: 'recovery_codes_made', limit: 1 } as const
  const [newest] = await flow.auth.events.list(about)
  return newest?.id ?? ''
}

/** What an app is set up with. It is on the page, and sent along with the code. */
export const setUpFields: readonly string[] = ['id', 'secret', 'uri']

/** The page on which an app is set up. */
export function showSetUp(visit: Visit, form: FlowForm, failure?: FormFailure): EndpointAnswer {
  const { flow } = visit
  const { site, texts, own } = settingOf(visit)
  const forms = createOwnForms(visit)
  const sent = Object.fromEntries(setUpFields.map((name) => [name, form.get(name) ?? '']))
  const { secret = '', uri = '' } = sent
  const { lead, cancel } = own.signIn.setUp
  const page = factorSetUpPage({
    ...{ site, texts, ...forms.form('confirmApp', sent), secret, otpauthUri: uri, lead },
    qrSvg: flow.auth[internals].second?.qrOf(uri) ?? '',
    cancel: { path: pathOf(flow, visit.page), label: cancel },
    ...{ problem: failure?.problem(texts) ?? null, passkey: null },
  })
  return showPage(failure?.status ?? 200, page, texts, { cookies: forms.cookies })
}
