import { type ConfiguredClient, readConfiguredClients } from '../../core/clients/configured.ts'
import { ConfigError } from '../../core/errors.ts'

/** Reads the setting `CLIENTS`. */
export function parseClients(
  text: string | undefined,
  problems: string[],
): readonly ConfiguredClient[] {
  if (text === undefined) return []
  try {
    const clients: unknown = JSON.parse(text)
    // Throws for whatever is not a list of clients.
    readConfiguredClients(clients)
    return clients as ConfiguredClient[]
  } catch (error) {
    if (error instanceof ConfigError) {
      problems.push(...error.problems.map((problem) => `CLIENTS: ${problem}`))
    } else {
      // The parser's own words would repeat the text, and with it a secret.
      problems.push('CLIENTS must be a JSON list such as [{"id":"app","scopes":["a:read"]}].')
    }
    return []
  }
}
