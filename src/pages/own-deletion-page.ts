import { html } from './html.ts'
import { problemSummary } from './login-page.ts'
import { notice } from './notice.ts'
import { dayOf, type OwnSetting, ownPage } from './own-parts.ts'
import type { Page } from './page.ts'
import { type PostForm, postForm } from './post-form.ts'

/** What the pages of a deletion show. */
export interface DeletionView extends OwnSetting {
  /** When the account is deleted, in seconds since 1970; null for at once. */
  readonly deleteAt: number | null
}

/** The page on which users delete their account. */
export function deletionPage(
  view: DeletionView & {
    /** Why it was not deleted; null if that was not tried. */
    readonly problem: string | null
    readonly remove: PostForm
    /** Where somebody goes who keeps it. A path on this server. */
    readonly keep: string
  },
): Page {
  const { own, deleteAt, problem, remove, keep } = view
  const { title, lead, leadAtOnce, ends, button, cancel } = own.deletion
  const when = deleteAt === null ? leadAtOnce : lead(dayOf(deleteAt, own.lang))
  const body = html`${problem === null ? '' : problemSummary(problem)}<p>${when}</p>
<p>${ends}</p>
<div class="actions"><p><a href="${keep}">${cancel}</a></p></div>
${postForm(remove, { label: button, look: 'danger' })}`
  return ownPage({ ...view, account: null }, { title, kind: 'deletion', body })
}

/** The page after that. Nobody is logged in any more. */
export function deletionDonePage(view: DeletionView): Page {
  const { own, deleteAt } = view
  const { title, text, textAtOnce } = own.deletion.done
  const says = deleteAt === null ? textAtOnce : text(dayOf(deleteAt, own.lang))
  const body = notice(html`${says}`, 'success')
  return ownPage({ ...view, account: null }, { title, kind: 'deletion-done', body })
}
