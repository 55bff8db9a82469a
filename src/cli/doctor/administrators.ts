import { createRoles } from '../../core/access/roles.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('administrators')

/** Somebody can administer users, and every user has a role that there is. */
export function checkAdministrators({ config, inspection }: Subject): readonly Finding[] {
  if (inspection?.contents == null) return []
  const { users, activeByRole } = inspection.contents
  const roles = createRoles(config.roles)
  if (users === 0) {
    const advice = `Run \`portcullis user add alice --role ${roles.administrative[0]}\`, or open the link that \`serve\` prints.`
    return [ok('There are no users yet.', advice)]
  }
  const administrators = roles.administrative.reduce(
    (sum, role) => sum + (activeByRole[role] ?? 0),
    0,
  )
  const found: Finding[] = [
    administrators > 0
      ? ok(
          `${users} ${users === 1 ? 'user' : 'users'}, ${administrators} active with a role that grants "*".`,
        )
      : problem(
          'No active user can administer users.',
          `Run \`portcullis user reactivate\` or \`portcullis user role\` for one with the role ${roles.administrative.join(' or ')}.`,
        ),
  ]
  const unknown = Object.keys(activeByRole).filter((role) => !roles.names.includes(role))
  if (unknown.length > 0) {
    found.push(
      warning(
        `Users have roles that ROLES does not name (${unknown.join(', ')}): they may log in, and nothing else.`,
        'Add the roles to ROLES, or give these users others with `portcullis user role`.',
      ),
    )
  }
  return found
}
