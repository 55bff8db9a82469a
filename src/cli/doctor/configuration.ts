import { ConfigError } from '../../core/errors.ts'
import { readConfig } from '../../server/settings/config.ts'
import { type Config, settingNames } from '../../server/settings/settings.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, problem } = findingsOf('configuration')

/** What the reader of the configuration makes of the environment: a configuration, or every mistake. */
export function checkConfiguration(environment: Readonly<Record<string, string | undefined>>): {
  readonly config: Config | null
  readonly findings: readonly Finding[]
} {
  try {
    const config = readConfig(environment)
    const set = settingNames().filter((name) => environment[name])
    const count = `${set.length} ${set.length === 1 ? 'variable is' : 'variables are'} set`
    return { config, findings: [ok(set.length > 0 ? `${count}: ${set.join(', ')}.` : `${count}.`)] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: null, findings: mistakes(error) }
  }
}

/** A finding for every mistake. */
export function mistakes({ problems }: ConfigError): readonly Finding[] {
  return problems.map((each) =>
    problem(each, 'The page docs/configuration.md of the package says what it may be.'),
  )
}
