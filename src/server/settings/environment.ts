import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { ConfigError } from '../../core/errors.ts'
import { readLines } from './environment-lines.ts'
import { settingNames, settings } from './settings.ts'

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Returns the environment with the variables of a `.env` file beneath it: what is set outside wins.
 * The only reader of `process.env`.
 *
 * @throws {ConfigError} if the file is there and cannot be read, or would be read otherwise than it was
 * meant: what it would say is not known.
 */
export function readEnvironment(file = '.env'): Environment {
  // Read by Node.js before there is a file: what that says comes too late.
  const { UV_THREADPOOL_SIZE: _late, ...variables } = readEnvironmentFile(file)
  return { ...variables, ...process.env }
}

/**
 * Returns the names in a `.env` file that are no settings, and so change nothing.
 *
 * @throws {ConfigError} as `readEnvironment`.
 */
export function namesWithoutSetting(file = '.env'): readonly string[] {
  const known = new Set(settingNames())
  return Object.keys(readEnvironmentFile(file)).filter((name) => !known.has(name))
}

function readEnvironmentFile(file: string): Environment {
  if (!existsSync(file)) return {}
  const text = decode(readFile(file), file)
  const lines = readLines(text, file)
  const cut = settings.filter(({ name, secret }) => isCut(text, name, secret === true))
  const problems = [
    ...lines.problems,
    ...cut.map(({ name }) => {
      return `${name} in ${file} has a # that would end it: put the value in single quotes, or the comment on a line of its own.`
    }),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  return parseEnv(lines.assignments.join('\n'))
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const problem = `${file} cannot be read: check that it is a file, and its mode, or move it away.`
    throw new ConfigError([problem], { cause })
  }
}

/** Text in UTF-8, with or without the byte order mark that some editors put before it. */
function decode(bytes: Buffer, file: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // A text in UTF-16 without a mark is UTF-8, too, with a NUL beside every letter.
    if (!text.includes('\0')) return text
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  throw new ConfigError([`${file} is not text in UTF-8: save it as UTF-8.`])
}

/**
 * True if a value that is not in quotes is cut at a `#`: the parser takes the rest for a comment. In a
 * secret every `#` is doubtful, elsewhere one that no space stands before.
 */
function isCut(text: string, name: string, secret: boolean): boolean {
  const unquoted = new RegExp(
    `^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*([^\\s'"\`].*)$`,
    'gm',
  )
  const mark = secret ? /#/ : /\S#/
  return [...text.matchAll(unquoted)].some(([, value = '']) => mark.test(value))
}
