import type { BrowserSession, OpenBrowserSession } from '../../core/authorization/authorization.ts'
import { ConflictError, ThrottledError, UserError } from '../../core/errors.ts'
import type { TotpEnrolment } from '../../core/factors/factor-calls.ts'
import type { FactorDemand, PendingLogin, SteppingSession } from '../../core/factors/mfa-tokens.ts'
import type { SecondFactor } from '../../core/factors/second-factor.ts'
import { internals } from '../../core/internals.ts'
import { type Authentication, byCode, byTwoFactors } from '../../core/tokens/authentication.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { factorPage, factorSetUpPage, recoveryCodesPage } from '../../pages/factor-page.ts'
import type { LoginTexts } from '../../pages/texts/login-texts.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { FormBinding } from './csrf.ts'
import type { Flow } from './flow.ts'
import { type AnswerExtras, type FormFailure, showPage } from './flow-answers.ts'
import { type FlowForm, isOurForm } from './flow-form.ts'
import { openSession } from './login-attempt.ts'
import type { LoginPlace } from './login-view.ts'
import { failureOf } from './own/own-failure.ts'
import type { PasskeyChoice, ShownInStep } from './passkeys/passkey-step.ts'

/**
 * What a form of this step holds beside the code: the token of the login, which no endpoint takes; whether the
 * session is to stay; whose it is; and what an app is set up with, which is on the page.
 */
interface FactorFields {
  readonly factor: string
  /** Of the user: the login begins again with it. */
  readonly username: string
  readonly stay: string
  readonly enrolment: string
  readonly secret: string
  readonly uri: string
}

/** What became of a code. */
export type FactorOutcome =
  | {
      readonly kind: 'opened'
      readonly opened: OpenBrowserSession
      /** True if the login goes on from a session, in which no password was entered now. */
      readonly isStepUp: boolean
      readonly stays: boolean
      /** Of the first factor, to be shown once. */
      readonly recoveryCodes: readonly string[] | null
    }
  /** The login has ended: it begins again. The username is empty if the form was not of this browser. */
  | { readonly kind: 'ended'; readonly username: string }
  | { readonly kind: 'shown'; readonly answer: EndpointAnswer }

/** How the step comes about. */
interface FactorStepOptions {
  readonly demand: FactorDemand
  /** Whether the session is to stay when the browser is closed. */
  readonly stays: boolean
  /** The session that is to show a factor. Default: none is there, and a password was right just now. */
  readonly session?: SteppingSession
}

/** The page after the right password, or for a session that has not shown enough. Null if the user has changed. */
export async function beginFactorStep(
  flow: Flow,
  request: EndpointRequest,
  place: LoginPlace,
  user: UserRecord,
  { demand, stays, session: from }: FactorStepOptions,
): Promise<EndpointAnswer | null> {
  const session = from ? { id: from.id, generation: from.generation } : null
  const pending = { purpose: `browser ${demand}`, clientId: '', scopes: [], session } as const
  const factor = await secondOf(flow).tokens.issue(user, pending)
  if (factor === null) return null
  const common = { factor, username: user.username, stay: stays ? 'on' : '' }
  if (demand === 'challenge') {
    return await show(flow, request, place, { ...common, enrolment: '', secret: '', uri: '' })
  }
  const begun = (await flow.auth.factors?.beginTotp({ userId: user.id })) as TotpEnrolment
  const { id: enrolment, secret, otpauthUri: uri } = begun
  return await show(flow, request, place, { ...common, enrolment, secret, uri })
}

/** Looks at the code that was sent, and opens the session. */
export async function takeFactorStep(
  flow: Flow,
  request: EndpointRequest,
  place: LoginPlace,
  form: FlowForm,
): Promise<FactorOutcome> {
  const { auth } = flow
  const fields = fieldsOf(form)
  const isOurs = isOurForm(flow, request, form, bindingOf(place, fields))
  const ended = { kind: 'ended', username: isOurs ? fields.username : '' } as const
  const login = isOurs ? await secondOf(flow).tokens.find(fields.factor) : null
  const user = login && (await auth[internals].store.users.findById(login.userId))
  if (!login?.purpose.startsWith('browser ') || !user) return ended
  const browser = await flow.readBrowser(request)
  const before = originOf(flow, login, browser)
  if (before === null) return ended
  const hasPasskey = flow.passkeys !== null && (form.get('credential') ?? '') !== ''
  try {
    const shown = hasPasskey
      ? await (await loadPasskeys()).takePasskey(flow, request, login, user, form)
      : await showCode(flow, request, login, user, fields, form.get('code') ?? '')
    if (shown === null) {
      const failure = { status: 400, problem: hasPasskey ? passkeyIncorrect : incorrect }
      return { kind: 'shown', answer: await show(flow, request, place, fields, failure) }
    }
    const how = byTwoFactors(before.authenticatedAt, before.amr, shown.proof)
    const opened = shown.user && (await open(flow, request, login, shown.user, how, browser))
    const { recoveryCodes } = shown
    if (!opened)
      return recoveryCodes === null ? ended : showCodes(flow, request, place, recoveryCodes)
    const isStepUp = login.session !== null
    return { kind: 'opened', opened, isStepUp, stays: fields.stay === 'on', recoveryCodes }
  } catch (error) {
    if (error instanceof ConflictError && error.code === 'token_ended') return ended
    if (error instanceof UserError && error.code === 'factor_unknown') return ended
    const isPasskeyRefused = hasPasskey && error instanceof UserError
    if (!(error instanceof ThrottledError || isPasskeyRefused)) throw error
    const answer = await show(flow, request, place, fields, failureOf(error))
    return { kind: 'shown', answer }
  }
}

/**
 * What the factor is shown beside: the password that was right just now, or what the session has shown, at its time.
 * Null if that session is not there any more, or another login has overtaken it.
 */
function originOf(
  { auth }: Flow,
  { session: from, userId }: PendingLogin,
  browser: BrowserSession | null,
): Pick<Authentication, 'authenticatedAt' | 'amr'> | null {
  if (from === null) return { authenticatedAt: auth.clock(), amr: ['pwd'] }
  if (!browser?.isNewest || browser.user.id !== userId) return null
  const { session } = browser
  return session.id === from.id && session.generation === from.generation ? session : null
}

/** Nothing is opened in place of a session that was to show a factor. A first one has ended it, with all others. */
async function open(
  flow: Flow,
  request: EndpointRequest,
  login: PendingLogin,
  user: UserRecord,
  how: Authentication,
  browser: BrowserSession | null,
): Promise<OpenBrowserSession | null> {
  if (login.session === null || login.purpose !== 'browser challenge' || browser === null) {
    return await openSession(flow, request, user, how, browser)
  }
  const { browserSessions } = flow.authorization
  const { address, requestId } = request
  return await browserSessions.reauthenticate(browser, how, { address, requestId }, false)
}

const incorrect = ({ problems }: LoginTexts): string => problems.codeIncorrect
const passkeyIncorrect = ({ problems }: LoginTexts): string => problems.passkeyIncorrect

/** The factor counts, and nothing shows its codes again; the login begins again behind them. */
function showCodes(
  flow: Flow,
  request: EndpointRequest,
  { wished, continueAt: url }: LoginPlace,
  codes: readonly string[],
): FactorOutcome {
  const texts = flow.textsFor(request, wished)
  const page = recoveryCodesPage({ site: flow.site, texts, codes, url })
  return { kind: 'shown', answer: showPage(200, page, texts) }
}

/** What passkeys need is loaded where they are on. */
const loadPasskeys = (): Promise<typeof import('./passkeys/passkey-step.ts')> =>
  import('./passkeys/passkey-step.ts')

/** Null if the code is not right. */
async function showCode(
  flow: Flow,
  { address, header, requestId }: EndpointRequest,
  login: PendingLogin,
  user: UserRecord,
  { enrolment }: FactorFields,
  code: string,
): Promise<ShownInStep | null> {
  const from = { address, requestId, userAgent: header('user-agent') }
  if (login.purpose === 'browser challenge') {
    // Six digits are of an app; whatever else somebody types can be a recovery code alone.
    const isOtp = /^[\d\s]{1,12}$/.test(code)
    const shown = isOtp ? { otp: code } : { recoveryCode: code }
    const proved = await secondOf(flow).verify(user, shown, { purpose: 'login', login, ...from })
    return proved && { user, recoveryCodes: null, proof: proved.proof }
  }
  try {
    const confirmation = { userId: user.id, id: enrolment, otp: code, login, ...from }
    const { recoveryCodes } = await secondOf(flow).confirmWithin(confirmation)
    // The first factor has renewed the stamp.
    const changed = await flow.auth[internals].store.users.findById(user.id)
    return { user: changed, recoveryCodes, proof: byCode }
  } catch (error) {
    if (error instanceof UserError && error.code === 'code_incorrect') return null
    throw error
  }
}

async function show(
  flow: Flow,
  request: EndpointRequest,
  place: LoginPlace,
  fields: FactorFields,
  failure?: FormFailure & AnswerExtras,
): Promise<EndpointAnswer> {
  const texts = flow.textsFor(request, place.wished)
  const { value, cookies } = flow.formCookie(request)
  const view = {
    ...{ site: flow.site, texts, action: place.action },
    hidden: { ...fields, csrf: flow.csrf.create(value, bindingOf(place, fields)) },
    problem: failure?.problem(texts) ?? null,
  }
  const { passkey, hasApp } = await choiceOf(flow, fields, texts)
  const askedBy = place.wantsPasskey === true ? (place.client?.name ?? null) : null
  const page =
    fields.enrolment === ''
      ? factorPage({ ...view, passkey, hasApp, askedBy })
      : factorSetUpPage({
          ...{ ...view, passkey, secret: fields.secret, otpauthUri: fields.uri },
          qrSvg: flow.auth[internals].second?.qrOf(fields.uri) ?? '',
        })
  return showPage(failure?.status ?? 200, page, texts, { ...failure, cookies })
}

/** What there is to be shown or set up: a code alone where passkeys are off. */
async function choiceOf(
  flow: Flow,
  { factor }: FactorFields,
  texts: LoginTexts,
): Promise<PasskeyChoice> {
  const { passkeys } = flow
  const login = passkeys && (await secondOf(flow).tokens.find(factor))
  if (!passkeys || !login) return { passkey: null, hasApp: true }
  return await (await loadPasskeys()).passkeyChoice(flow, passkeys, login, texts)
}

/** What cannot be changed on the way: the proof of the form is made of it. */
function bindingOf({ digest }: LoginPlace, fields: FactorFields): FormBinding {
  const { factor, username, stay, enrolment, secret, uri } = fields
  const shown = [factor, username, stay, enrolment, secret, uri]
  return { form: 'factor', request: digest, shown }
}

function fieldsOf(form: FlowForm): FactorFields {
  const of = (name: keyof FactorFields): string => form.get(name) ?? ''
  return {
    ...{ factor: of('factor'), username: of('username'), stay: of('stay') },
    ...{ enrolment: of('enrolment'), secret: of('secret'), uri: of('uri') },
  }
}

/** There is one where this step is come to. */
function secondOf({ auth }: Flow): SecondFactor {
  return auth[internals].second as SecondFactor
}
