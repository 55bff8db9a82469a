/** A range of languages with its weight (RFC 9110 §12.5.4), such as `de-CH;q=0.8`. */
const range =
  /^\s*([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i

/**
 * The language that somebody prefers among those that there are texts in; null if none of them was
 * named. `de-CH` is `de` where there is no text of its own.
 *
 * @param accepted The header `Accept-Language`, or one language.
 */
export function preferredLocale(
  accepted: string | null | undefined,
  available: readonly string[],
): string | null {
  const ranges = (accepted ?? '')
    .slice(0, 500)
    .split(',')
    .flatMap((part) => {
      const [, language = '', weight = '1'] = range.exec(part) ?? []
      return language === '' || Number(weight) === 0
        ? []
        : [{ language: language.toLowerCase(), weight: Number(weight) }]
    })
    .sort((a, b) => b.weight - a.weight)
  for (const { language } of ranges) {
    const found = available.find((each) => {
      const known = each.toLowerCase()
      return language === known || language.startsWith(`${known}-`)
    })
    if (found !== undefined) return found
  }
  return null
}
