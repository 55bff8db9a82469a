import { type Form, field, form, type Problem, revealPasswords } from './form.ts'
import { type Html, html } from './html.ts'
import { problemSummary } from './login-page.ts'
import { longestFactorName, ownFactors, type ShownFactor } from './own-factors.ts'
import { type OwnSetting, ownPage } from './own-parts.ts'
import type { Page } from './page.ts'
import { type PasskeyAsk, passkeyPart, passkeyStyle } from './passkey-part.ts'
import { hiddenFields, type PostForm, postForm } from './post-form.ts'

/** The ways in which somebody logs in, and what changes them. */
export interface SignInView extends OwnSetting {
  /** What is wrong with what was done last, if it is about no field; null for nothing. */
  readonly problem: string | null
  /** Sends `current` and `password`. Null for a user without a password. */
  readonly password: {
    readonly change: PostForm
    readonly hint: string
    readonly problems: readonly (Problem & { readonly field: 'current' | 'password' | null })[]
  } | null
  /** Null where second factors are switched off. */
  readonly factors: {
    readonly apps: readonly ShownFactor[]
    readonly passkeys: readonly ShownFactor[]
    /** Sends `name`. */
    readonly addApp: PostForm
    /** What its field has at first; empty for the usual name. */
    readonly appName: string
    /** Sends `name`, `challenge_id` and `credential`. Null where passkeys are off, or there are enough factors. */
    readonly addPasskey: { readonly form: PostForm; readonly ask: PasskeyAsk } | null
    /** How many are left, and what makes new ones; null for a user without a factor. */
    readonly recovery: { readonly left: number; readonly renew: PostForm } | null
  } | null
}

/** The page with the password, the second factors and the recovery codes of a user. */
export function signInPage(view: SignInView): Page {
  const { own, problem, factors } = view
  const body = html`${problem === null ? '' : problemSummary(problem)}${passwordSection(view)}${
    factors === null
      ? ''
      : html`${appSection(view, factors)}${passkeySection(view, factors)}${recoverySection(view, factors)}`
  }`
  return ownPage(view, {
    ...{ title: own.signIn.title, kind: 'sign-in', body, script: revealPasswords },
    ...(factors?.addPasskey && { scripts: [factors.addPasskey.ask.script], style: passkeyStyle }),
  })
}

function passwordSection({ own, texts, password }: SignInView): Html {
  const { title, lead, none, current, chosen, button } = own.signIn.password
  if (password === null) return section(title, html`<p>${none}</p>`)
  const { change, hint, problems } = password
  const content: Form = {
    ...{ button, problems, first: null, words: texts.form, sentTo: change },
    fields: [
      {
        ...{ name: 'current', label: current, type: 'password' },
        autocomplete: 'current-password',
      },
      {
        ...{ name: 'password', label: chosen, type: 'password', hint },
        autocomplete: 'new-password',
      },
    ],
  }
  return section(title, html`<p>${lead}</p>\n${form(content)}`)
}

type Factors = NonNullable<SignInView['factors']>

function appSection({ own, texts }: SignInView, { apps, addApp, appName }: Factors): Html {
  const { title, lead, none, field, usual, button } = own.signIn.apps
  const add = form({
    ...{ button, quiet: true, first: null, words: texts.form, sentTo: addApp },
    fields: [
      {
        ...{ name: 'name', label: field, autocomplete: 'off' },
        ...{ value: appName || usual, maxLength: longestFactorName },
      },
    ],
  })
  return section(
    title,
    html`<p>${lead}</p>\n${apps.length === 0 ? html`<p>${none}</p>` : ownFactors(apps, 'app', own)}${add}`,
  )
}

/** Where they are off, passkeys of before can be removed. */
function passkeySection({ own }: SignInView, { passkeys, addPasskey }: Factors): Html {
  const { title, lead, none } = own.signIn.passkeys
  if (passkeys.length === 0 && addPasskey === null) return html``
  const list = passkeys.length === 0 ? html`<p>${none}</p>` : ownFactors(passkeys, 'passkey', own)
  const add = addPasskey === null ? html`` : addPasskeyForm(own, addPasskey)
  return section(title, html`<p>${lead}</p>\n${list}${add}`)
}

/** It is sent by the script alone. */
function addPasskeyForm(
  { signIn: { passkeys } }: SignInView['own'],
  { form: { action, hidden }, ask }: NonNullable<Factors['addPasskey']>,
): Html {
  const name = field(
    {
      ...{ name: 'name', id: 'passkey-name', label: passkeys.field, value: passkeys.usual },
      ...{ autocomplete: 'off', maxLength: longestFactorName },
    },
    [],
    null,
    false,
  )
  return html`<form method="post" action="${action}">${hiddenFields(hidden)}${passkeyPart(ask, passkeys.button, 'main', name)}</form>
<noscript><p>${passkeys.script}</p></noscript>
`
}

function recoverySection({ own }: SignInView, { recovery }: Factors): Html {
  if (recovery === null) return html``
  const { title, left, lead, button } = own.signIn.recovery
  const renew = postForm(recovery.renew, { label: button, look: 'quiet' })
  return section(title, html`<p>${left(recovery.left)} ${lead}</p>\n${renew}`)
}

function section(title: string, content: Html): Html {
  return html`<section><h2>${title}</h2>
${content}</section>
`
}
