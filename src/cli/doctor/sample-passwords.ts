import { UnavailableError } from '../../core/errors.ts'
import { createPasswordHasher } from '../../core/passwords/password-hash.ts'
import { samplePasswords } from '../../core/passwords/sample-passwords.ts'
import { unthrottledAdmission } from '../../core/throttle/throttle.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, problem } = findingsOf('sample-passwords')

/** No user from the examples of the documents has a password that the documents print. */
export async function checkSamplePasswords({
  config,
  inspection,
}: Subject): Promise<readonly Finding[]> {
  const users = inspection?.contents?.likelySamples ?? []
  if (users.length === 0) return []
  const { pepper, previousPeppers } = config
  const hasher = await createPasswordHasher({
    ...(pepper !== undefined && { pepper }),
    previousPeppers,
  })
  const isSample = async (hash: string, password: string): Promise<boolean> => {
    try {
      return await hasher.verify(password, hash, unthrottledAdmission)
    } catch (error) {
      // Another check tells of the pepper that is missing.
      if (error instanceof UnavailableError) return false
      throw error
    }
  }
  const found: Finding[] = []
  for (const { username, passwordHash } of users) {
    for (const password of Object.values(samplePasswords)) {
      if (!(await isSample(passwordHash, password))) continue
      found.push(
        problem(
          `The password of ${username} is printed in the documents, where everybody can read it.`,
          `Run \`portcullis user passwd ${username}\`, which ends every login of the user.`,
        ),
      )
    }
  }
  return found.length > 0 ? found : [ok('No password of the documents was found.')]
}
