import { type Html, html } from './html.ts'

/**
 * A sentence with a name in it, which stands out. A name in another direction of writing does not turn the rest
 * of the sentence around.
 */
export function named(sentence: (name: string) => string, name: string): Html {
  const [before = '', after = ''] = sentence('\0').split('\0')
  return html`${before}<strong><bdi>${name}</bdi></strong>${after}`
}
