import { type Finding, type Findings, findingsOf, inWords, type Subject } from './finding.ts'

const { ok, warning, problem }: Findings = findingsOf('clock')

const advice = 'Let the machine set its clock by NTP (systemd-timesyncd, chrony).'
/** Nothing of this was written before. */
const earliest = Date.UTC(2026, 0) / 1000
const latest = Date.UTC(2100, 0) / 1000

/** The clock tells the time: that of the database's server, where there is one. */
export function checkClock({ now, inspection }: Subject): readonly Finding[] {
  const time = new Date(now * 1000).toISOString().replace('.000Z', 'Z')
  if (now < earliest || now > latest) return [problem(`The clock says ${time}.`, advice)]
  const found = [ok(`The clock says ${time}.`)]
  const offset = inspection?.clockOffset ?? null
  return offset === null ? found : [...found, judgeOffset('the database', offset)]
}

/** Seconds by which clocks may differ before tokens are refused. */
const tolerated = 30
const noticeable = 5

/** Judges by how many seconds another clock is ahead of this one. */
export function judgeOffset(whose: string, offset: number): Finding {
  const size = Math.abs(offset)
  if (size < noticeable) return ok(`The clock agrees with that of ${whose}.`)
  const finding = `The clock of ${whose} is ${inWords(size)} ${offset > 0 ? 'ahead of' : 'behind'} this one.`
  return (size > tolerated ? problem : warning)(finding, advice)
}
