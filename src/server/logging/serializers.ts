import { defaultApiKeyPrefix, secretPrefixes } from '../../core/keys/secret-prefixes.ts'

/** Characters of a text that a client chose. */
const pathMaxLength = 1024
const messageMaxLength = 2048
const stackMaxLength = 8192
/** Causes of causes. */
const maxDepth = 4

/** What the log says of a request. Not its query, and no token of its path: clients put secrets there. */
export function describeRequest(request: {
  readonly method: string
  readonly url: string
  readonly ip?: string
}): Record<string, unknown> {
  const path = withoutSecrets(cut(request.url.split('?', 1)[0] ?? '', pathMaxLength))
  return { method: request.method, path, remoteAddress: request.ip }
}

/** What the log says of an error. */
export interface DescribedError {
  readonly type: string
  readonly message: string
  readonly stack: string
  /** `code`, `cause`, and `errors` of one that stands for several. */
  readonly [member: string]: unknown
}

/**
 * What the log says of an error, which need not be one: what went wrong, where, and why.
 *
 * Nothing else that an error carries: PostgreSQL's holds the row that it was about, with its password
 * hash, and that of a URL the URL. See `withoutSecrets` for its words.
 */
export function describeError(thrown: unknown, depth = 0): DescribedError {
  if (!(thrown instanceof Error)) {
    const message = typeof thrown === 'string' ? thrown : Object.prototype.toString.call(thrown)
    const words = withoutSecrets(cut(message, messageMaxLength))
    return { type: typeof thrown, message: words, stack: '' }
  }
  const { name, message, stack = '', cause } = thrown
  const { code } = thrown as { readonly code?: unknown }
  const errors = thrown instanceof AggregateError ? thrown.errors.slice(0, maxDepth) : []
  const isDeep = depth === maxDepth
  return {
    type: name,
    message: withoutSecrets(cut(message, messageMaxLength)),
    stack: withoutSecrets(cut(stack, stackMaxLength)),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(cause !== undefined && !isDeep && { cause: describeError(cause, depth + 1) }),
    ...(errors.length > 0 &&
      !isDeep && { errors: errors.map((each) => describeError(each, depth + 1)) }),
  }
}

const prefixes = [...secretPrefixes, defaultApiKeyPrefix].join('|')

/** What a secret looks like: our own secrets and tokens, API keys of any prefix, password hashes, the password of a URL. */
const secretShapes: readonly RegExp[] = [
  new RegExp(`(?<![\\w-])(?:eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*|(?:${prefixes})_[\\w.-]+)`, 'g'),
  /(?<![\w-])[a-z][a-z\d]{2,19}_[\dA-Za-z]{36}(?![\w-])/g,
  /\$(?:argon2|2[abxy]\$|pbkdf2|scrypt|bcrypt)[\w$=,./+-]+/g,
  /(?:pbkdf2_|pbkdf2:|bcrypt_|scrypt:)[\w$:=,./+-]+/g,
  /(?<=:\/\/[^\s:/@]{0,64}:)[^\s/]+(?=@)/g,
]

/** A text with what looks like a secret taken out. No message of ours has one; those of others may. */
export function withoutSecrets(text: string): string {
  return secretShapes.reduce((rest, shape) => rest.replace(shape, '[hidden]'), text)
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
