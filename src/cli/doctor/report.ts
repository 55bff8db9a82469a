import { styleText } from 'node:util'
import type { Finding, Status } from './finding.ts'

const marks = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  problem: ['✗', 'red'],
} as const

/** The findings for people, coloured where standard output is a terminal that is asked for colour. */
export function reportOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length))
  const lines = findings.flatMap(({ name, status, finding, advice }) => {
    const [mark, colour] = marks[status]
    const first = `${paint(colour, mark)} ${name.padEnd(width)}  ${finding}`
    return advice === null
      ? [first]
      : [first, `${' '.repeat(width + 4)}${paint('dim', `→ ${advice}`)}`]
  })
  return [...lines, '', summaryOf(findings)].join('\n')
}

/** The worst of all. */
export function worstOf(findings: readonly Finding[]): Status {
  const has = (status: Status): boolean => findings.some((each) => each.status === status)
  return has('problem') ? 'problem' : has('warning') ? 'warning' : 'ok'
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (status: Status, word: string): string => {
    const number = findings.filter((each) => each.status === status).length
    return `${number} ${word}${number === 1 ? '' : 's'}`
  }
  const summary = `${count('problem', 'problem')}, ${count('warning', 'warning')}.`
  return paint(marks[worstOf(findings)][1], summary)
}

/** Plain unless standard output is a terminal and NO_COLOR is not set. */
function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
