// How long the sentences of a page are. Code, tables, headings, quotations and the targets of links do
// not count.
//
//   node scripts/prose.ts FILE...    prints the figures of each page, and its longest sentences

import { readFileSync } from 'node:fs'

/** A sentence with more words than this is long. */
const longest = 30

const glueWord = /\b(whoever|whatever|of before|of then|by now|anew|alike|such as it|besides)\b/gi

/** What a page is judged by. */
export interface Prose {
  readonly sentences: readonly string[]
  /** Words in a sentence, on average; 0 for a page without a sentence. */
  readonly mean: number
  /** The sentences of more than 30 words, the longest first. */
  readonly long: readonly string[]
  /** The words that join what should be two sentences, or hide who is meant. */
  readonly glue: readonly string[]
}

export function measureProse(markdown: string): Prose {
  const sentences = sentencesOf(markdown)
  const words = sentences.reduce((sum, sentence) => sum + countWords(sentence), 0)
  return {
    sentences,
    mean: words / (sentences.length || 1),
    long: sentences
      .filter((sentence) => countWords(sentence) > longest)
      .sort((a, b) => countWords(b) - countWords(a)),
    glue: sentences.flatMap((sentence) => sentence.match(glueWord) ?? []),
  }
}

/** The sentences of a page. Each item of a list begins one; two words alone are none. */
function sentencesOf(markdown: string): readonly string[] {
  return markdown
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/```[\s\S]*?```/g, '\n\n')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^\s*[|#>].*$/gm, '\n')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`[^`\n]*`/g, 'code')
    .replace(/^\s*([-*]|\d+\.)\s+/gm, '\n\n')
    .split(/\n\s*\n/)
    .flatMap((paragraph) => paragraph.replace(/\s+/g, ' ').split(/(?<=[.!?:])\s+(?=[A-Z"'(`*])/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => countWords(sentence) > 2)
}

function countWords(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[a-z]/i.test(word)).length
}

if (import.meta.main) {
  for (const file of process.argv.slice(2)) {
    const { sentences, mean, long, glue } = measureProse(readFileSync(file, 'utf8'))
    const figures = `${sentences.length} sentences, ${mean.toFixed(1)} words each on average`
    console.log(
      `${file}: ${figures}, ${long.length} over ${longest}, glue: ${glue.join() || 'none'}`,
    )
    for (const sentence of long) console.log(`  ${countWords(sentence)} words: ${sentence}`)
  }
}
