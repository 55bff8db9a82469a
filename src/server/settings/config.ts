import { readFileSync } from 'node:fs'
import { ConfigError } from '../../core/errors.ts'
import { crossChecks, relayIsThere } from './cross-checks.ts'
import type { Environment } from './environment.ts'
import { misspellings } from './misspelling.ts'
import type { Setting } from './setting.ts'
import { type Config, settingNames, valuesOfAll } from './settings.ts'

/**
 * Reads the configuration from environment variables; an empty one counts as not set. A server for
 * development keeps its mails, so it needs no relay for them.
 *
 * @throws {ConfigError} with every mistake: its variable and what would be right, never its value if
 * it is a secret.
 */
export function readConfig(
  environment: Environment,
  { keepsMails = false }: { readonly keepsMails?: boolean } = {},
): Config {
  const problems = [...misspellings(environment, settingNames())]
  const values = new Map<Setting, unknown>()

  function valueFor<T>(setting: Setting<T>): T {
    if (!values.has(setting)) {
      const text = textOf(setting, environment, problems)
      const value = text === undefined ? undefined : setting.read(text, problems)
      values.set(setting, value ?? setting.fallback(valueFor))
    }
    // What the same setting has read, or its fallback.
    return values.get(setting) as T
  }

  const config = valuesOfAll(valueFor)
  const checks = keepsMails ? crossChecks : [...crossChecks, relayIsThere]
  for (const check of checks) problems.push(...check(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** The text of a setting, from its variable or from the file that `<name>_FILE` names. */
function textOf(
  { name, secret }: Setting,
  environment: Environment,
  problems: string[],
): string | undefined {
  const text = environment[name] || undefined
  const path = secret ? environment[`${name}_FILE`] || undefined : undefined
  if (path === undefined) return text
  if (text !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set: set one of them.`)
    return undefined
  }
  try {
    // An editor's byte order mark is no part of a secret.
    return readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .replace(/\r?\n$/, '')
  } catch {
    problems.push(`${name}_FILE names a file that cannot be read: check its path and mode.`)
    return undefined
  }
}
