import { type Html, html } from './html.ts'
import { instantOf, type OwnSetting, ownPage } from './own-parts.ts'
import type { Page } from './page.ts'
import { type PostForm, postForm } from './post-form.ts'

/** A login of a user, as a page shows it. */
export interface ShownSession {
  /** Such as Firefox on Windows; null if it is not known. */
  readonly program: { readonly name: string; readonly system: string | null } | null
  /** The application that it is of; null if that is the first-party one, or none. */
  readonly client: string | null
  /** True for a browser at the login pages. */
  readonly isBrowser: boolean
  /** Empty if it is not known. */
  readonly address: string
  /** Seconds since 1970, as the other. */
  readonly createdAt: number
  readonly usedAt: number
  /** Null for the one in which the page is seen. */
  readonly end: PostForm | null
}

/** What the page of logins shows. */
export interface SessionsView extends OwnSetting {
  readonly sessions: readonly ShownSession[]
  /** Null if there is no other. */
  readonly endOthers: PostForm | null
  /** Where this browser is logged out. A path on this server. */
  readonly logOut: string
}

/** The list of a user's logins. */
export function sessionsPage(view: SessionsView): Page {
  const { own, sessions, endOthers } = view
  const { title, lead, others } = own.sessions
  const items = sessions.map((each, index) => item(each, `login-${index + 1}`, view))
  const body = html`<p>${lead}</p>
<ul class="items">${items}</ul>
${
  endOthers === null
    ? ''
    : html`<section><h2>${others.title}</h2>
<p>${others.lead}</p>
<div class="actions">${postForm(endOthers, { label: others.button, look: 'danger' })}</div></section>
`
}`
  return ownPage(view, { title, kind: 'sessions', body })
}

function item(
  { program, client, isBrowser, address, createdAt, usedAt, end }: ShownSession,
  id: string,
  { own: { sessions, lang }, logOut }: SessionsView,
): Html {
  const said = [
    ...(address === '' ? [] : [sessions.from(address)]),
    sessions.since(instantOf(createdAt, lang)),
    sessions.used(instantOf(usedAt, lang)),
  ]
  const of = client === null ? (isBrowser ? sessions.browser : null) : sessions.through(client)
  const button =
    end === null
      ? html`<p><a href="${logOut}">${sessions.logOut}</a></p>`
      : postForm(end, { label: sessions.end, look: 'danger', describedBy: id })
  return html`<li><p class="name" id="${id}">${nameOf(program, sessions)}</p>
${end === null ? html`<p class="badge">${sessions.current}</p>\n` : ''}${of === null ? '' : html`<p class="hint"><bdi>${of}</bdi></p>\n`}<p class="hint">${said.join(' ')}</p>
${button}</li>
`
}

function nameOf(
  program: ShownSession['program'],
  { unknownProgram, on }: OwnSetting['own']['sessions'],
): string {
  if (program === null) return unknownProgram
  return program.system === null ? program.name : on(program.name, program.system)
}
