// What a setting is, and the kinds of them. A setting is one entry, in the file of its subject.

/** One environment variable: the parser, the default and the table of the documentation come from here. */
export interface Setting<out T = unknown> {
  /** The name of the variable. */
  readonly name: string
  /** What applies when it is not set, in words. */
  readonly default: string
  /** What it is for, as Markdown. */
  readonly description: string
  /** True if `<name>_FILE` may name a file that holds the value instead. Default false. */
  readonly secret?: boolean
  /** What a text means. Adds what is wrong to the problems, and returns undefined then. */
  read(text: string, problems: string[]): T | undefined
  /** The value when it is not set, which may depend on other settings. */
  fallback(valueFor: ValueFor): T
}

/** The value of a setting in the environment that is being read. */
export type ValueFor = <T>(setting: Setting<T>) => T

/** A setting for each member of an object. */
export type SettingsOf<T> = { readonly [K in keyof T]: Setting<T[K]> }

/** What the settings of a file, or of a group in it, say together. */
export type ValuesOf<Settings> = {
  readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : ValuesOf<Settings[K]>
}

/** Seconds that no duration is longer than. */
export const tenYears: number = 10 * 365 * 86400

/** What is said of every kind of setting. */
interface Words {
  readonly description: string
  /** Default: the fallback, as it would be written. */
  readonly default?: string
  readonly secret?: boolean
}

interface Kind<T> extends Words {
  readonly fallback: T | ((valueFor: ValueFor) => T)
}

/** A setting whose text has a form of its own. */
export function setting<T>(
  name: string,
  { fallback, default: words, ...others }: Kind<T>,
  read: (text: string, problems: string[]) => T | undefined,
): Setting<T> {
  return {
    name,
    default: words ?? String(fallback),
    ...others,
    read,
    // Of the two only a function can be called.
    fallback: (valueFor) =>
      typeof fallback === 'function' ? (fallback as (v: ValueFor) => T)(valueFor) : fallback,
  }
}

/** Any text. */
export function text<T extends string | undefined>(name: string, kind: Kind<T>): Setting<T> {
  // Of the texts that T may be none is excluded.
  return setting(name, kind, (given) => given as T)
}

/** A text that must have a form, or several reasons why it has not. */
export function judged<T = never>(
  name: string,
  reasons: (given: string) => readonly string[],
  kind: Kind<T | string>,
): Setting<T | string> {
  return setting(name, kind, (given, problems) => {
    const found = reasons(given)
    problems.push(...found.map((reason) => `${name} ${reason}.`))
    return found.length === 0 ? given : undefined
  })
}

/** A whole number within limits. */
export function integer<T = never>(
  name: string,
  {
    least,
    most,
    usualMost = most,
    example,
    ...kind
  }: Kind<T | number> & {
    readonly least: number
    readonly most: number
    /** What is said to be the most, if another setting has to allow more. */
    readonly usualMost?: number
    /** Default: the fallback. */
    readonly example?: number
  },
): Setting<T | number> {
  return setting(name, kind, (given, problems) => {
    const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
    if (value >= least && value <= most) return value
    problems.push(
      `${name} must be a whole number from ${least} to ${usualMost}, such as ${example ?? kind.fallback}.`,
    )
    return undefined
  })
}

/** One of a few words. */
export function choice<Choice extends string, T = never>(
  name: string,
  choices: readonly Choice[],
  kind: Kind<T | Choice>,
): Setting<T | Choice> {
  return setting(name, kind, (given, problems) => {
    const chosen = choices.find((each) => each === given)
    if (chosen === undefined) problems.push(`${name} must be one of: ${choices.join(', ')}.`)
    return chosen
  })
}

/** `true` or `false`. */
export function flag(name: string, kind: Kind<boolean>): Setting<boolean> {
  return setting(name, kind, (given, problems) => {
    if (given === 'true' || given === 'false') return given === 'true'
    problems.push(`${name} must be one of: true, false.`)
    return undefined
  })
}

/** An address of this machine, or its name. */
export function address(name: string, kind: Kind<string>): Setting<string> {
  return setting(name, kind, (given, problems) => {
    if (!/[\s/]/.test(given)) return given
    problems.push(`${name} must be an address or a name, such as 127.0.0.1.`)
    return undefined
  })
}

/** Texts, one a line. */
export function lines(
  name: string,
  reasons: (given: string) => readonly string[],
  kind: Words,
): Setting<readonly string[]> {
  return setting(name, { ...kind, fallback: [] as readonly string[] }, (given, problems) => {
    const each = given.split(/\r?\n/).filter(Boolean)
    const found = each.flatMap(reasons)
    problems.push(...found.map((reason) => `${name} ${reason}.`))
    return found.length === 0 ? each : undefined
  })
}
