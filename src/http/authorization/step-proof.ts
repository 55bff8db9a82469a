import { createHash } from 'node:crypto'
import type { BrowserSession, SealedProofs } from '../../core/authorization/authorization.ts'
import type { Session } from '../../core/sessions/session-store.ts'

/** What somebody has done for one request that would be asked again otherwise. */
export type Step =
  /** Has logged in, for `prompt=login` and `max_age`. */
  | 'login'
  /** Has shown a second factor in a session that was there, for `acr_values`. */
  | 'factor'
  /** Has allowed it, for `prompt=consent`. */
  | 'consent'
  /** Has denied it. */
  | 'denied'
  /** Has clicked, before a program of the device. */
  | 'continued'
  /** Wants to log in as somebody else. */
  | 'switch'

/** The steps that were done for a request. */
export interface StepProofs {
  /** @param session The one in which it was done, at its generation of now. */
  seal(steps: readonly Step[], request: string, session: Session): string
  /** None for a text that is not ours, too old, or of another request or session. */
  open(text: string | null, request: string, browser: BrowserSession | null): readonly Step[]
}

const purpose = 'step'
/** Seconds. */
const lifetime = 10 * 60

/**
 * Makes proofs that unlock nothing else: each is bound to one request, and to the browser session as it was.
 */
export function createStepProofs(proofs: SealedProofs): StepProofs {
  return {
    seal: (steps, request, session) =>
      proofs.seal(
        purpose,
        { steps: [...new Set(steps)].join(' '), of: digest(request, session) },
        lifetime,
      ),
    open(text, request, browser) {
      if (text === null || browser === null) return []
      const says = proofs.open(purpose, text)
      return says?.of === digest(request, browser.session)
        ? ((says.steps ?? '').split(' ') as Step[])
        : []
    },
  }
}

function digest(request: string, { id, generation }: Session): string {
  return createHash('sha256').update(`${request} ${id} ${generation}`).digest('base64url')
}
