/** The reasons why a test of FastAPI's cannot be about an application that is none of its own. */
const reasons: readonly (readonly [test: RegExp, reason: string])[] = [
  [
    /^tutorial00[67] /,
    'HTTP Basic for users: no scheme of this library; a guard of your own can read it',
  ],
  [
    / test_openapi_schema$/,
    'compares the whole document, with the names that FastAPI makes of Python functions',
  ],
  [
    / test_(verify_password|get_password_hash|create_access_token)$/,
    'calls a Python function, and sends no request',
  ],
  [/^tutorial003 test_login$/, "the tutorial's token is the username; ours are signed"],
]

/** Why a test cannot pass, by `tutorial003 test_login`; undefined if it can. */
export function impossible(test: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(test))?.[1]
}
