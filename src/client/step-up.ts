/** What a request needs that was refused. */
export interface StepUpRequest {
  /** Seconds that the login may be old; undefined if the server does not say. */
  readonly maxAge: number | undefined
  /** How strong the login has to be: `2fa` is two factors. Absent if the server does not say. */
  readonly acrValues?: string
}

/** What a challenge has where the pattern has parentheses. */
const read = (challenge: string, pattern: string): string | undefined =>
  new RegExp(`(?:^|[ ,])${pattern}`).exec(challenge)?.[1]

/** What an answer says that the request needs (RFC 9470 §3); null if that is no recent login. */
export function readStepUp({ status, headers }: Response): StepUpRequest | null {
  const challenge = headers.get('www-authenticate') ?? ''
  const needed = read(challenge, 'error="(insufficient_user_authentication)"')
  if (status !== 401 || needed === undefined) return null
  const seconds = read(challenge, 'max_age="?(\\d{1,9})"?')
  const acr = read(challenge, 'acr_values="([^"]{1,200})"')
  return {
    maxAge: seconds === undefined ? undefined : Number(seconds),
    ...(acr !== undefined && { acrValues: acr }),
  }
}

/** Asks the user once for all requests that need it at the same time. */
export function createStepUpDialog(
  ask: (request: StepUpRequest) => Promise<void> | void,
): (request: StepUpRequest) => Promise<void> {
  let open: Promise<void> | null = null
  return (request) => {
    open ??= Promise.resolve(request)
      .then(ask)
      .finally(() => {
        open = null
      })
    return open
  }
}
