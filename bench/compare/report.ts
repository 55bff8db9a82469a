// The documents that the figures are shown in.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { formatTable } from '../quantiles.ts'
import { plot } from './plot.ts'
import { type Results, type RowResult, resultsDirectory } from './results.ts'
import { rows } from './rows.ts'
import { median } from './statistics.ts'
import { headline, round, summarize } from './summary.ts'

const readme = fileURLToPath(new URL('../../README.md', import.meta.url))
const block = /(?<=<!-- figures: npm run bench -->\n)[\s\S]*?(?=<!-- \/figures -->)/

/** What the figures make of the documents, by path. */
export function renderReport(results: Results): ReadonlyMap<string, string> {
  const files = new Map([
    [readme, readFileSync(readme, 'utf8').replace(block, () => renderHeadline(results))],
    [`${resultsDirectory}README.md`, renderDetails(results)],
  ])
  const { me } = results
  if (me?.series) {
    files.set(`${resultsDirectory}me.svg`, plot('Guarded GET /me, requests a second', me.series))
  }
  return files
}

export function writeReport(results: Results): void {
  for (const [path, text] of renderReport(results)) writeFileSync(path, text)
}

function renderHeadline(results: Results): string {
  return `${formatTable([
    ['what', 'Portcullis', 'beside it'],
    ...headline(results).map(({ what, ours, beside }) => [what, ours, beside]),
  ])}\n`
}

function renderSummary(results: Results): string {
  const lines = summarize(results)
  return `${formatTable([
    ['what', 'Portcullis', 'beside it', 'ratio', 'goal'],
    ...lines.map(({ what, ours, beside, ratio, goal }) => [what, ours, beside, ratio, goal]),
  ])}\n`
}

function renderDetails(results: Results): string {
  const sections = Object.entries(rows).flatMap(([name, { title }]) => {
    const result = results[name]
    return result ? [`## ${title}\n\n${describe(result)}\n\n${tables(result)}`] : []
  })
  return `# Measured figures

Medians of all rounds, with the lowest and the highest; milliseconds that half and 99 of 100 answers
take at most. How and with whom: [bench](../README.md).

${renderSummary(results)}
${sections.join('\n\n')}
`
}

function describe({ measuredOn, machine, rounds, seconds, absent = [] }: RowResult): string {
  const about = Object.entries(machine).map(([name, value]) => `${name} ${value}`)
  const missing = absent.length > 0 ? ` Not installed here: ${absent.join(', ')}.` : ''
  return `${measuredOn}, ${rounds} rounds of ${seconds} s; ${about.join('; ')}.${missing}`
}

function tables({ series = {}, figures = {} }: RowResult): string {
  const rates = Object.entries(series).map(([name, { rate, p50, p99 }]) => [
    name,
    round(median(rate)),
    `${round(Math.min(...rate))}–${round(Math.max(...rate))}`,
    median(p50).toFixed(1),
    median(p99).toFixed(1),
  ])
  const kinds = Object.keys(Object.values(figures)[0] ?? {})
  const others = Object.entries(figures).map(([name, values]) => [
    name,
    ...kinds.map((kind) => String(values[kind])),
  ])
  return [
    ...(rates.length > 0
      ? [formatTable([['', 'per second', 'spread', 'p50', 'p99'], ...rates])]
      : []),
    ...(others.length > 0 ? [formatTable([['', ...kinds], ...others])] : []),
  ].join('\n\n')
}
