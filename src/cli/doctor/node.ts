import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning } = findingsOf('node')

/** The day on which each line of Node.js ends, as its release schedule says (nodejs/Release, schedule.json). */
const ends: Readonly<Record<string, string>> = {
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
}

/** This Node.js still gets fixes. Of a newer line, whose end is not known here, nothing is said. */
export function checkNode(
  { now }: Pick<Subject, 'now'>,
  version: string = process.versions.node,
): readonly Finding[] {
  const [line = ''] = version.split('.')
  const end = ends[line]
  if (end === undefined) return []
  if (now < Date.parse(end) / 1000) return [ok(`Node.js ${version} gets fixes until ${end}.`)]
  return [
    warning(
      `Node.js ${line} ended on ${end}: weaknesses that are found in it are not mended.`,
      'Install a newer line that has long-term support, and start the server with it.',
    ),
  ]
}
