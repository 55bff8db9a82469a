// The tutorial as a reader follows it: what each page says to save, to change and to type, in its order.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './sources.ts'

/** One thing that a page says to do. */
export type Step =
  | { readonly kind: 'save'; readonly file: string; readonly text: string }
  /** A change to app.ts. */
  | { readonly kind: 'change'; readonly diff: string }
  | { readonly kind: 'type'; readonly commands: readonly Command[] }
  /** What the file is now. */
  | { readonly kind: 'compare'; readonly file: string; readonly text: string }

export interface Command {
  readonly command: string
  /** The answer as the page shows it: each `…` stands for any text. Empty where it shows none. */
  readonly answer: string
}

export interface Section {
  /** Empty for what comes before the first. */
  readonly heading: string
  readonly steps: readonly Step[]
}

/** What the page of a chapter says to do, by its headings. */
export function readChapter(name: string): readonly Section[] {
  const page = readFileSync(join(root, 'docs/tutorial', name), 'utf8')
  return page.split(/^(?=## )/m).map((text) => ({
    heading: /^## (.*)/.exec(text)?.[1] ?? '',
    steps: [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => stepOf(text, match)),
  }))
}

function stepOf(section: string, { 1: language, 2: text = '', index }: RegExpExecArray): Step {
  if (language === 'diff') return { kind: 'change', diff: text }
  if (language === 'sh') return { kind: 'type', commands: commandsOf(text) }
  const [before = ''] = section.slice(0, index).trimEnd().split('\n\n').slice(-1)
  const [, file] = /^Save this as `([\w.]+)`/.exec(before) ?? []
  if (file) return { kind: 'save', file, text }
  const [, whole] = /<summary>The whole ([\w.]+) after this chapter<\/summary>/.exec(before) ?? []
  assert.ok(whole, `The page does not say what this is:\n${text}`)
  return { kind: 'compare', file: whole, text }
}

/** The commands of a block. One that goes on in the next line ends in `{`, `|` or a backslash, or is indented. */
function commandsOf(block: string): readonly Command[] {
  const parts = block.split(/^(?=[^\s#}])/m)
  return parts.map((part) => ({
    command: part.replace(/^# .*\n/gm, '').trimEnd(),
    answer: [...part.matchAll(/^# (.*)/gm)].map(([, line = '']) => line).join('\n'),
  }))
}

/** Does to a text what a diff says. Each place has to be found, and only once. */
export function applyDiff(text: string, diff: string): string {
  const lines = diff.trimEnd().split('\n')
  const side = (mark: string): string =>
    lines
      .filter((line) => line === '' || line.startsWith(' ') || line.startsWith(mark))
      .map((line) => `${line.slice(1)}\n`)
      .join('')
  const [before, after, ...more] = `\n${text}`.split(`\n${side('-')}`)
  assert.ok(after !== undefined && more.length === 0, `No one place for this change:\n${diff}`)
  return `${before}\n${side('+')}${after}`.slice(1)
}

/** Whether something was answered as the page shows it. */
export function isAsShown(answer: string, shown: string): boolean {
  const parts = shown.split('…').map((part) => part.replace(/\W/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(answer.trim())
}
