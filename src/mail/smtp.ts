import type { Transporter } from 'nodemailer'
import { type Mailer, MailRefusedError } from '../core/mail/mailer.ts'
import { checkOptions, required, type ShapesOf, text } from '../core/options.ts'
import { loadNodemailer } from './load-nodemailer.ts'
import { parseSmtpUrl, type Relay } from './smtp-url.ts'

/** How mails are given to a relay. */
export interface SmtpOptions {
  /**
   * `smtps://user:password@host:465` for TLS from the first byte, `smtp://user:password@host:587` for
   * STARTTLS. Users and passwords are percent-encoded.
   */
  readonly url: string
  /** Certificates, as PEM, of an authority that the relay's is from. Default: those of Node.js. */
  readonly ca?: string
}

/** What sends mails by SMTP (RFC 5321). */
export interface SmtpMailer extends Mailer {
  /**
   * Connects, greets, begins TLS and authenticates, and sends nothing.
   *
   * @throws {SmtpError} for what does not work, in a sentence without the password.
   */
  check(): Promise<void>
  /** Loads `nodemailer`. Connects to nothing. */
  open(): Promise<void>
  /** Closes connections that are kept open. */
  close(): Promise<void>
}

/** Why a relay did not take a mail now. */
export type SmtpErrorCode =
  | 'relay_unreachable'
  | 'relay_untrusted'
  | 'relay_login_refused'
  | 'relay_refuses_now'

/** A relay that did not take a mail now. */
export class SmtpError extends Error {
  override readonly name = 'SmtpError'
  /** Why, for a program. */
  readonly code: SmtpErrorCode

  constructor(code: SmtpErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

const owner = { name: 'smtp', example: "{ url: 'smtps://user:password@relay.example.com' }" }
const shapes: ShapesOf<SmtpOptions> = {
  url: required(text, 'smtp needs the url of a relay, such as smtps://user:password@host.'),
  ca: text,
}

/** Milliseconds. Less than the 30 s in which a mail must be sent. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 }

/**
 * Returns a mailer that gives mails to a relay. Connections are kept open and used again.
 *
 * The relay must show a certificate for its name. With `smtp://`, mails to a relay of this machine go without
 * TLS: to `localhost`, `127.0.0.0/8` and `::1`. Needs the package `nodemailer`, which is loaded when the sending begins.
 *
 * @throws {ConfigError} `config_invalid` for options that cannot work.
 */
export function smtp(options: string | SmtpOptions): SmtpMailer {
  const { url, ca } = checkOptions<SmtpOptions>(
    typeof options === 'string' ? { url: options } : options,
    shapes,
    owner,
  )
  const relay = parseSmtpUrl(url)
  let opened: Promise<Transporter> | undefined
  const transporter = (): Promise<Transporter> => {
    opened ??= openTransporter(relay, ca).catch((error) => {
      opened = undefined
      throw error
    })
    return opened
  }

  return {
    open: async () => void (await transporter()),
    async send({ from, to, subject, text, html, headers }, signal) {
      const { 'Message-ID': messageId, ...others } = headers
      const transport = await transporter()
      try {
        await transport.sendMail({
          // Objects: a text would be parsed, and might be two addresses.
          ...{ from, to: { name: '', address: to }, subject, text, html, headers: others, signal },
          ...(messageId !== undefined && { messageId }),
        })
      } catch (error) {
        throw ofRelay(error)
      }
    },
    async check() {
      const transport = await transporter()
      try {
        await transport.verify()
      } catch (error) {
        throw ofRelay(error)
      }
    },
    async close() {
      const transport = await opened?.catch(() => undefined)
      transport?.close()
    },
  }
}

async function openTransporter(relay: Relay, ca: string | undefined): Promise<Transporter> {
  const { createTransport } = await loadNodemailer()
  const { host, port, secure, isLocal, user, password } = relay
  return createTransport({
    ...{ host, port, secure, ...timeouts, dnsTimeout: 10_000 },
    // Somebody in between could take STARTTLS out of the answer. Within this machine nobody does, and
    // the certificate of a relay there is seldom one that can be verified.
    ...(secure ? {} : isLocal ? { ignoreTLS: true } : { requireTLS: true }),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    // The outbox tries again, and says when.
    ...{ pool: true, maxConnections: 5, maxRequeues: 0, idleTimeout: 30_000 },
    // Nothing in a mail is a path or a URL to be read.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
}

interface RelayFailure {
  readonly code?: unknown
  /** The one of Node.js, such as `ECONNREFUSED`. */
  readonly originalCode?: unknown
  readonly command?: unknown
  readonly responseCode?: unknown
}

/** The codes of Node.js for certificates that are not trusted, and for TLS that cannot be agreed on. */
const certificateFault = /^ERR_(TLS|SSL)|CERT|UNABLE_TO_VERIFY/

function isWord(code: unknown): code is string {
  return typeof code === 'string' && /^\w{1,60}$/.test(code)
}

/** The error in words of ours: those of the relay may hold the address or a part of the mail. */
function ofRelay(error: unknown): Error {
  const { code, originalCode, command, responseCode } = (error ?? {}) as RelayFailure
  const status = typeof responseCode === 'number' ? responseCode : undefined
  const isOfMail = command === 'RCPT TO' || command === 'DATA'
  if (isOfMail && status !== undefined && status >= 500) {
    return new MailRefusedError(`The mail relay refused the mail for good: ${status}.`)
  }
  // An address that cannot be written in a command is one that no later try can send to.
  if (code === 'EENVELOPE' && command === 'API') {
    return new MailRefusedError('The address cannot be sent to.')
  }
  if (code === 'EAUTH') {
    return new SmtpError('relay_login_refused', 'The mail relay refuses the user or the password.')
  }
  const word = [originalCode, code].find(isWord) ?? 'error'
  if (code === 'ETLS' || certificateFault.test(word)) {
    return new SmtpError(
      'relay_untrusted',
      'The mail relay offers no TLS, or shows a certificate that is not trusted.',
    )
  }
  if (status !== undefined) {
    return new SmtpError(
      'relay_refuses_now',
      `The mail relay does not take the mail now: ${status}.`,
    )
  }
  return new SmtpError('relay_unreachable', `The mail relay does not answer: ${word}.`)
}
