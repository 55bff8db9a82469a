/** What secrets of ours begin with, before `_`. No two kinds share one. */
export const secretPrefixes: readonly string[] = [
  // Links of mails.
  'pot',
  // Refresh tokens.
  'prt',
  // Cookies of browser sessions.
  'pbs',
  // Authorization codes.
  'pac',
  // Logins that wait for a second factor.
  'pmt',
  // Secrets of clients.
  'pcs',
]

/** What API keys begin with, if the option `apiKeys.prefix` names nothing else. */
export const defaultApiKeyPrefix = 'pcat'
