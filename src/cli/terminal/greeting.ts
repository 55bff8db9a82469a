import { styleText } from 'node:util'

/**
 * Returns what the server says, with names and URLs coloured, and the headline of several lines. With
 * NO_COLOR it is as it was.
 */
export function paintGreeting(lines: readonly string[]): readonly string[] {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    styleText(style, text, { stream: process.stdout })
  return lines.map((line, index) => {
    const [name = ''] = /^[A-Z][\w ]*: +/.exec(line) ?? []
    const rest = line
      .slice(name.length)
      .replace(/https?:\/\/\S+/g, (url) => paint('cyan', url))
      .replace(/^WARNING.*/, (warning) => paint(['bold', 'yellow'], warning))
    const named = name === '' ? rest : `${paint('dim', name)}${rest}`
    return index === 0 && lines.length > 1 ? paint('bold', named) : named
  })
}
