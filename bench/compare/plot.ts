// Bars of requests a second, drawn as SVG for light and dark pages.

import type { Series } from './rounds.ts'
import { median } from './statistics.ts'
import { round } from './summary.ts'

const [width, labels, bar, gap] = [760, 270, 20, 8]

const style = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .ours { fill: #0969da } .peer { fill: #8c959f } .open { fill: #d0d7de }
  .spread { stroke: #24292f; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ours { fill: #4493f8 } .peer { fill: #6e7681 } .open { fill: #373e47 }
    .spread { stroke: #e6edf3 }
  }`

/** A bar for each series by its median, the fastest first, with a line from its lowest to its highest. */
export function plot(title: string, series: Readonly<Record<string, Series>>): string {
  const bars = Object.entries(series)
    .map(([name, { rate }]) => ({
      name,
      middle: median(rate),
      low: Math.min(...rate),
      high: Math.max(...rate),
    }))
    .sort((a, b) => b.middle - a.middle)
  const longest = Math.max(...bars.map(({ high }) => high))
  const x = (value: number): string =>
    (labels + (value / longest) * (width - labels - 70)).toFixed(1)
  const height = 40 + bars.length * (bar + gap)
  const drawn = bars.map(({ name, middle, low, high }, index) => {
    const top = 36 + index * (bar + gap)
    const center = top + bar / 2
    return `
  <text x="${labels - 8}" y="${center + 4}" text-anchor="end">${escapeText(name)}</text>
  <rect class="${kindOf(name)}" x="${labels}" y="${top}" width="${(Number(x(middle)) - labels).toFixed(1)}" height="${bar}" rx="2"/>
  <line class="spread" x1="${x(low)}" x2="${x(high)}" y1="${center}" y2="${center}"/>
  <text x="${Number(x(high)) + 6}" y="${center + 4}">${round(middle)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">
  <style>${style}
  </style>
  <text class="title" x="8" y="20">${escapeText(title)}</text>${drawn.join('')}
</svg>
`
}

/** Ours, others', and those without a guard, which are the limit. */
function kindOf(name: string): string {
  if (/no guard|unguarded/.test(name)) return 'open'
  return name.startsWith('Portcullis') ? 'ours' : 'peer'
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
