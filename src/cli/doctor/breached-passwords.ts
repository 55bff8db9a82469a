import { ConfigError } from '../../core/errors.ts'
import { createBreachCheck, createBreachLookup } from '../../core/passwords/breach-check.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('breached-passwords')

/** The list of stolen passwords can be used, and has one that every list has. */
export async function checkBreachedPasswords({ config }: Subject): Promise<readonly Finding[]> {
  const { breachedPasswords } = config
  if (breachedPasswords === undefined) return []
  try {
    const failures: string[] = []
    const lookUp = createBreachLookup(breachedPasswords)
    const isBreached = createBreachCheck(lookUp, (reason) => failures.push(reason))
    if (await isBreached('password')) return [ok('New passwords are looked up among stolen ones.')]
    const [failure] = failures
    return [
      failure === undefined
        ? warning(
            'The list of stolen passwords does not know the most common one, so it is not whole.',
            'Download it again.',
          )
        : warning(
            `Stolen passwords cannot be looked up: ${failure}`,
            'Let this machine reach it, or name a file in BREACHED_PASSWORDS; new passwords pass until then.',
          ),
    ]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((each) =>
      problem(each, 'Name the file of pwnedpasswords in BREACHED_PASSWORDS, sorted by hash.'),
    )
  }
}
