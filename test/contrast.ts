/** WCAG 2 §1.4.3: the ratio of the luminances of two colours, such as `rgb(255, 255, 255)` or `#ffffff`. */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [one, other].map(luminance).sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = partsOf(colour).map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function partsOf(colour: string): readonly number[] {
  if (!colour.startsWith('#')) return (colour.match(/\d+/g) ?? []).map(Number)
  return [1, 3, 5].map((place) => Number.parseInt(colour.slice(place, place + 2), 16))
}
