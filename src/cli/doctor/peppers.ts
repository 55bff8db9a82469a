import { createPepper, readPeppers } from '../../core/passwords/peppers.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, problem } = findingsOf('peppers')

/** Every pepper of the stored password hashes is known, and no other pepper is kept. */
export function checkPeppers({ config, inspection }: Subject): readonly Finding[] {
  const stored = inspection?.contents?.pepperIds ?? []
  const { pepper, previousPeppers } = config
  const all = readPeppers({ ...(pepper !== undefined && { pepper }), previousPeppers })
  const found: Finding[] = []
  for (const id of stored.filter((each) => all.find(each) === undefined)) {
    found.push(
      problem(
        `Password hashes are stored under the pepper ${id}, which is not configured.`,
        'Put it back into PASSWORD_PEPPER or PASSWORD_PEPPER_PREVIOUS: nothing starts without it.',
      ),
    )
  }
  if (all.current) found.push(ok(`New password hashes are under the pepper ${all.current.id}.`))
  if (inspection?.contents == null) return found
  for (const text of previousPeppers) {
    const { id } = createPepper(text)
    found.push(
      stored.includes(id)
        ? ok(`Password hashes are still under the previous pepper ${id}.`)
        : ok(
            `No password hash is under the previous pepper ${id}.`,
            'Remove it from PASSWORD_PEPPER_PREVIOUS, unless another server is about to use it.',
          ),
    )
  }
  return found
}
