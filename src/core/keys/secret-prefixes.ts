/**
 * What secrets of ours begin with, before `_`: links of mails, refresh tokens, cookies of browser sessions,
 * authorization codes, logins that wait for a second factor, secrets of clients. No two kinds share one.
 */
export const secretPrefixes: readonly string[] = ['pot', 'prt', 'pbs', 'pac', 'pmt', 'pcs']

/** What API keys begin with, if the option `apiKeys.prefix` names nothing else. */
export const defaultApiKeyPrefix = 'pcat'
