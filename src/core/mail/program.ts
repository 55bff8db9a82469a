/** A program that sent a request, told by names of ours alone. */
export interface Program {
  /** Such as `Firefox`. */
  readonly name: string
  /** Such as `Windows`; null if it is not known. */
  readonly system: string | null
}

type Names = readonly (readonly [sign: string, name: string])[]

/** The first whose sign is there is the one: many browsers name those that they resemble. */
const programs: Names = [
  ['Edg/', 'Edge'],
  ['EdgA/', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['Firefox/', 'Firefox'],
  ['FxiOS/', 'Firefox'],
  ['CriOS/', 'Chrome'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
  ['curl/', 'curl'],
]

const systems: Names = [
  ['Windows', 'Windows'],
  ['Android', 'Android'],
  ['iPhone', 'iOS'],
  ['iPad', 'iOS'],
  ['Mac OS X', 'macOS'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
]

/**
 * The program of a `User-Agent`; null for one that is not known. The header is written by the client, so
 * nothing of it is passed on.
 */
export function programOf(userAgent: string | undefined): Program | null {
  const text = (userAgent ?? '').slice(0, 1000)
  const name = nameIn(programs, text)
  return name === null ? null : { name, system: nameIn(systems, text) }
}

function nameIn(names: Names, text: string): string | null {
  return names.find(([sign]) => text.includes(sign))?.[1] ?? null
}
