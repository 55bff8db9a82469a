import { ConfigError } from './errors.ts'
import { nearestName } from './nearest-name.ts'

/** What the value of an option has to be. */
export interface Shape {
  /** The end of a sentence: `a text`. */
  readonly words: string
  readonly accepts: (value: unknown) => boolean
  /** The options of an option. */
  readonly members?: Shapes
  /** The problem of an option that must be given and is not. */
  readonly missing?: string
}

type Shapes = Readonly<Record<string, Shape>>

/** The shape of each option of a type. The compiler sees to it that none is forgotten. */
export type ShapesOf<T> = { readonly [Name in keyof Required<T>]: Shape }

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const text: Shape = { words: 'a text', accepts: (value) => typeof value === 'string' }
export const number: Shape = { words: 'a number', accepts: (value) => typeof value === 'number' }
export const flag: Shape = {
  words: 'true or false',
  accepts: (value) => typeof value === 'boolean',
}
export const callback: Shape = {
  words: 'a function',
  accepts: (value) => typeof value === 'function',
}
export const record: Shape = { words: 'an object', accepts: isRecord }
export const texts: Shape = {
  words: 'a list of texts',
  accepts: (value) => Array.isArray(value) && value.every(text.accepts),
}
export const textOrTexts: Shape = {
  words: 'a text, or a list of texts',
  accepts: (value) => text.accepts(value) || texts.accepts(value),
}
export const bytes: Shape = {
  words: 'bytes (a Uint8Array)',
  accepts: (value) => value instanceof Uint8Array,
}
export const listOfBytes: Shape = {
  words: 'a list of bytes (Uint8Array)',
  accepts: (value) => Array.isArray(value) && value.every(bytes.accepts),
}
/** A value that is judged where it is used. */
export const anything: Shape = { words: 'anything', accepts: () => true }

/** An option that has options of its own. */
export function recordOf<T>(members: ShapesOf<T>): Shape {
  return { ...record, members }
}

/** An option with options of its own, which false leaves out. */
export function orFalse(shape: Shape): Shape {
  return {
    ...shape,
    words: 'an object of options, or false',
    accepts: (value) => value === false || shape.accepts(value),
  }
}

/** An object of another part, known by one of its functions. */
export function havingMethod(method: string, words: string): Shape {
  return {
    words,
    accepts: (value) =>
      typeof value === 'object' &&
      value !== null &&
      typeof (value as Record<string, unknown>)[method] === 'function',
  }
}

/** The shape, for an option that must be given. */
export function required(shape: Shape, missing: string): Shape {
  return { ...shape, missing }
}

/** The function that takes the options, and an example for the error if none are given. */
export interface OptionsOwner {
  readonly name: string
  readonly example: string
}

/** Options as they were read. */
export interface ReadOptions<T> {
  /** What can be used: the given options but for those that are not known, or have another shape. */
  readonly options: T
  /** One sentence each: for an option that is not known, missing, or of another shape. */
  readonly problems: string[]
}

/**
 * Reads options, which need not have their type: JavaScript ignores a misspelt option, so a limit that
 * was meant to hold would not. An option that is undefined is not given.
 *
 * An option with a problem is left out of the result, so that the rest can be judged by what it means.
 *
 * @throws {ConfigError} if they are no object.
 */
export function readOptions<T extends object>(
  given: unknown,
  shapes: ShapesOf<T>,
  { name, example }: OptionsOwner,
): ReadOptions<T> {
  if (!isRecord(given)) {
    throw new ConfigError([`${name} takes an object of options, such as ${example}.`])
  }
  const problems: string[] = []
  const options = readMembers(given, shapes, name, '', problems)
  return { options: options as T, problems }
}

/**
 * Reads options that nothing else judges.
 *
 * @throws {ConfigError} with every problem.
 */
export function checkOptions<T extends object>(
  given: unknown,
  shapes: ShapesOf<T>,
  owner: OptionsOwner,
): T {
  const { options, problems } = readOptions(given, shapes, owner)
  if (problems.length > 0) throw new ConfigError(problems)
  return options
}

function readMembers(
  given: object,
  shapes: Shapes,
  owner: string,
  path: string,
  problems: string[],
): object {
  const values = given as Readonly<Record<string, unknown>>
  const usable: Record<string, unknown> = {}
  for (const name of Object.keys(values).filter((name) => !Object.hasOwn(shapes, name))) {
    problems.push(
      unknownOption(
        name,
        Object.keys(shapes),
        path === '' ? owner : `The option ${path.slice(0, -1)}`,
      ),
    )
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const value = values[name]
    if (value === undefined) {
      if (shape.missing !== undefined) problems.push(shape.missing)
    } else if (!shape.accepts(value)) {
      problems.push(`The option ${path}${name} of ${owner} must be ${shape.words}.`)
    } else if (shape.members !== undefined && isRecord(value)) {
      usable[name] = readMembers(value, shape.members, owner, `${path}${name}.`, problems)
    } else {
      usable[name] = value
    }
  }
  return usable
}

function unknownOption(name: string, known: readonly string[], of: string): string {
  const wanted = nearestName(
    name.toLowerCase(),
    known.map((each) => each.toLowerCase()),
    (each) => Math.max(2, each.length / 3),
  )
  const near = known.find((each) => each.toLowerCase() === wanted)
  const hint = near ? `Did you mean ${near}?` : `The options are: ${known.join(', ')}.`
  return `${of} has no option ${JSON.stringify(name)}. ${hint}`
}

/** Runs the check of a part of the options. Its problems join the others, and its value is undefined then. */
export function attempt<T>(problems: string[], make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}
