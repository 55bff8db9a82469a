import type { BrowserSession } from '../../../core/authorization/authorization.ts'
import type { ThrottledError, UserError } from '../../../core/errors.ts'
import type { LoginTexts } from '../../../pages/texts/login-texts.ts'
import type { EndpointRequest } from '../../mounted-endpoint.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import type { Flow, OwnPageName } from '../flow.ts'
import type { FlowForm } from '../flow-form.ts'

/** Somebody who is logged in, on a page of their own. */
export interface Visit {
  readonly flow: Flow
  readonly request: EndpointRequest
  readonly browser: BrowserSession
  readonly page: OwnPage
}

/** What a page shows at its address, or with `?step=` and a name. */
export interface OwnStep {
  /**
   * True if a session that was left open must not do this: a login of the last 5 minutes is needed, as
   * `requireRecentLogin` asks of tokens. Default false.
   */
  readonly isDangerous?: boolean
  readonly show: (visit: Visit) => Promise<EndpointAnswer>
}

/** A form of a page. It is one POST to the address of the page, with its name as `form`. */
export interface OwnForm {
  /** The step on which it is: somebody who has to log in first comes back there. Default: the first one. */
  readonly step?: string
  /** Whether it needs a login of the last 5 minutes. Default: as its step. */
  readonly isDangerous?: boolean
  /** The fields that nobody types: the proof of the form is made of what they say. Default none. */
  readonly bound?: readonly string[]
  /**
   * Whether a field keeps what was typed while its user logs in again, which its address says. Never that of a
   * password or a code. Default: none does.
   */
  readonly keeps?: (field: string) => boolean
  /**
   * Something that every success of the form changes: one that was sent with an older state of it is not taken
   * again. For forms whose answer shows a secret. Default: the form may be sent again.
   */
  readonly state?: (visit: Visit) => Promise<string>
  /** Does what it is for. Rejects with what core refuses. */
  readonly submit: (visit: Visit, form: FlowForm) => Promise<EndpointAnswer>
}

/** A page for users who are logged in. */
export interface OwnPage {
  readonly name: OwnPageName
  /** By their names; the first one has none. */
  readonly steps: Readonly<Record<string, OwnStep>> & { readonly '': OwnStep }
  readonly forms: Readonly<Record<string, OwnForm>>
  /** Above the login that it needs. Default: nothing is said. */
  readonly lead?: (texts: LoginTexts) => string
  /** The form with what was wrong; null if the browser is to ask for the page again. Default: always. */
  readonly explain?: (
    visit: Visit,
    form: FlowForm,
    error: UserError | ThrottledError,
  ) => Promise<EndpointAnswer | null>
}

/** The address of a page from the root of its server. @param query Added to it, unless it is empty. Default nothing. */
export function pathOf(
  { paths }: Pick<Flow, 'paths'>,
  { name }: Pick<OwnPage, 'name'>,
  query: Readonly<Record<string, string>> = {},
): string {
  return withQuery(paths[name], query)
}

/** A path with what is not empty of a query. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}
