import { ConfigError } from '../../core/errors.ts'
import { type PostgresTls, readTls, tlsParameters } from './tls.ts'

/** One server of the URL. A host that begins with a slash is the directory of a socket. */
export interface PostgresHost {
  readonly host: string
  readonly port: number
}

/** What a connection must be able to do to be used: `target_session_attrs` of libpq. */
const targetSessions = ['any', 'read-write', 'primary'] as const
export type TargetSession = (typeof targetSessions)[number]

/** Where a database is, and how to get in: a `postgres://` URL, read. */
export interface PostgresTarget {
  /** In the order of the URL; at least one. */
  readonly hosts: readonly PostgresHost[]
  readonly session: TargetSession
  /** Seconds that making a connection may take, over all hosts. */
  readonly connectTimeout: number | undefined
  readonly tls: PostgresTls
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly applicationName: string | undefined
  /** Command-line options of the session, such as `-c search_path=auth`. */
  readonly options: string | undefined
}

const parameters = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'target_session_attrs',
  'connect_timeout',
  'application_name',
  'options',
  ...tlsParameters,
] as const

/**
 * Reads a connection URL as libpq does, with several hosts if need be:
 * `postgres://user:password@host1:5432,host2:5433/database?target_session_attrs=read-write`.
 *
 * Where libpq would connect to any of several hosts, a server that can be written is wanted here
 * unless the URL says otherwise: nothing else is of use.
 *
 * @throws {ConfigError} with every problem, none of which repeats a part of the URL.
 */
export function parsePostgresUrl(url: string): PostgresTarget {
  const { target, problems } = read(url)
  if (target === undefined || problems.length > 0) {
    throw new ConfigError(problems.map((problem) => `The URL of the database ${problem}.`))
  }
  return target
}

/** What is wrong with a URL, to follow the name of the setting that holds it. Files are looked at. */
export function postgresUrlProblems(url: string): readonly string[] {
  return read(url).problems
}

interface Reading {
  readonly target?: PostgresTarget
  readonly problems: readonly string[]
}

// Not `new URL`, which knows one host and one port. The last @ ends the password, as it does there.
const grammar = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^/?#@]*))?(?:\?([^#]*))?$/

function read(url: string): Reading {
  const [, credentials = '', authority = '', path = '', search = ''] = grammar.exec(url) ?? []
  const colon = credentials.indexOf(':')
  const user = decode(colon < 0 ? credentials : credentials.slice(0, colon))
  const password = decode(colon < 0 ? '' : credentials.slice(colon + 1))
  const database = decode(path)
  if (!grammar.test(url) || user === null || password === null || database === null) {
    return { problems: [malformed] }
  }

  const problems: string[] = []
  const query = new URLSearchParams(search)
  // Unknown names are not repeated: a password with a question mark in it would be one.
  if ([...query.keys()].some((name) => !(parameters as readonly string[]).includes(name))) {
    problems.push(`has a parameter that is not known; known are: ${parameters.join(', ')}`)
  }
  const hosts = readHosts(authority, query.get('host'), query.get('port'))
  if (hosts === null) {
    problems.push(
      'must name each host as host, host:port or [IPv6 address]:port, with commas between them',
    )
  }
  const timeout = query.get('connect_timeout') || '0'
  if (!/^\d{1,6}$/.test(timeout)) {
    problems.push('must have a whole number of seconds in connect_timeout')
  }
  const session =
    query.get('target_session_attrs') ?? ((hosts?.length ?? 0) > 1 ? 'read-write' : 'any')
  if (!isTargetSession(session)) {
    problems.push(
      `must have one of ${targetSessions.join(', ')} in target_session_attrs: users and sessions are written, which a standby cannot do`,
    )
  }
  const tls = readTls(query, problems)
  if (hosts === null || !isTargetSession(session) || problems.length > 0) return { problems }
  const target: PostgresTarget = {
    hosts,
    session,
    connectTimeout: Number(timeout) || undefined,
    tls,
    user: (query.get('user') ?? user) || undefined,
    password: (query.get('password') ?? password) || undefined,
    database: (query.get('dbname') ?? database) || undefined,
    applicationName: query.get('application_name') || undefined,
    options: query.get('options') || undefined,
  }
  return { target, problems }
}

const malformed =
  'must be a postgres:// URL, such as postgres://user@host/database, with the special characters of the password percent-encoded'

function isTargetSession(text: string): text is TargetSession {
  return (targetSessions as readonly string[]).includes(text)
}

/** The hosts of the authority, or those of the parameters, which a socket needs; null if malformed. */
function readHosts(
  authority: string,
  names: string | null,
  ports: string | null,
): readonly PostgresHost[] | null {
  const portOf = (ports ?? '').split(',')
  const hosts =
    names === null
      ? authority.split(',').map(readHost)
      : names.split(',').map((host, index) => {
          const port = readPort((portOf.length === 1 ? portOf[0] : portOf[index]) ?? '')
          return { host: host || 'localhost', port }
        })
  return hosts.every((host) => isHost(host)) ? hosts : null
}

interface Candidate {
  readonly host: string
  readonly port: number | null
}

function readHost(text: string): Candidate | null {
  const [all, address, name = '', port = ''] =
    /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d*))?$/.exec(text) ?? []
  const host = all === undefined ? null : decode(address ?? name)
  return host === null ? null : { host: host || 'localhost', port: readPort(port) }
}

function isHost(host: Candidate | null): host is PostgresHost {
  return host !== null && host.port !== null && !/\s/.test(host.host)
}

function readPort(text: string): number | null {
  if (text === '') return 5432
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : null
}

/** The text that is percent-encoded here; null if it is not well formed. */
function decode(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text)
    return decoded.includes('\0') ? null : decoded
  } catch {
    return null
  }
}
