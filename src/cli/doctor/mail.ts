import { v7 as uuidv7 } from 'uuid'
import { readSender } from '../../core/accounts/account-options.ts'
import { ConfigError } from '../../core/errors.ts'
import { type Mail, MailRefusedError, type Sender } from '../../core/mail/mailer.ts'
import { layOut } from '../../core/mail/templates/layout.ts'
import { SmtpError, type SmtpErrorCode, type SmtpMailer, smtp } from '../../mail/smtp.ts'
import { parseSmtpUrl } from '../../mail/smtp-url.ts'
import type { Config } from '../../server/settings/settings.ts'
import { type Finding, findingsOf, inWords, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('mail')

/** Seconds that a mail may wait before somebody should look. */
const longestWait = 60 * 60
/** Milliseconds for the test mail, as the outbox gives one. */
const deadline = 30_000

/** The relay can be logged in to, and mails do not pile up. */
export async function checkMail(subject: Subject): Promise<readonly Finding[]> {
  return [...(await relayFindings(subject)), ...outboxFindings(subject)]
}

async function relayFindings({ config, sendTo }: Subject): Promise<readonly Finding[]> {
  const { smtpUrl } = config
  if (smtpUrl === undefined) {
    return sendTo === undefined
      ? []
      : [problem('No mail was sent: there is no relay.', 'Set SMTP_URL and MAIL_FROM.')]
  }
  const { host, port } = parseSmtpUrl(smtpUrl)
  const relay = `${host} port ${port}`
  const mailer = smtp(smtpUrl)
  try {
    await mailer.check()
    const works = ok(`The relay ${relay} takes connections${loginOf(smtpUrl)}.`)
    return sendTo === undefined ? [works] : [works, await sendTest(mailer, config, sendTo)]
  } catch (error) {
    return [explain(error, relay)]
  } finally {
    await mailer.close()
  }
}

function loginOf(smtpUrl: string): string {
  return parseSmtpUrl(smtpUrl).user === undefined ? ' without a login' : ' and our login'
}

async function sendTest(mailer: SmtpMailer, config: Config, to: string): Promise<Finding> {
  const from = readSender(config.mailFrom ?? '')
  if (from === null) return problem('No mail was sent: MAIL_FROM is missing.', 'Set MAIL_FROM.')
  try {
    await mailer.send(testMail(config, from, to), AbortSignal.timeout(deadline))
    return ok(`The relay has taken a mail to ${to}.`, 'See whether it arrives, also among spam.')
  } catch (error) {
    if (!(error instanceof MailRefusedError)) throw error
    return problem(
      error.message,
      `Check the address ${to}, and whether the relay lets ${from.address} send.`,
    )
  }
}

function testMail({ issuer, siteName, mailLocale }: Config, from: Sender, to: string): Mail {
  const { hostname } = new URL(issuer)
  const common = { locale: mailLocale, name: siteName ?? hostname, url: issuer }
  const text = layOut(
    {
      subject: `A test mail from ${common.name}`,
      says: ['The command portcullis doctor sent this mail.', 'Mails of this site reach you.'],
    },
    { ...common, locale: 'en' },
  )
  const id = uuidv7()
  const headers = { 'Message-ID': `<${id}@${hostname}>`, 'Auto-Submitted': 'auto-generated' }
  // It has no kind of its own: no user gets it, and a relay does not ask.
  return { ...text, ...{ id, kind: 'email_confirmed', from, to, headers } }
}

const cures: Readonly<Record<SmtpErrorCode, string>> = {
  relay_unreachable:
    'Check host and port in SMTP_URL, and whether a firewall lets this machine connect there.',
  relay_untrusted:
    'Name the host in SMTP_URL as its certificate does. For an authority of your own set NODE_EXTRA_CA_CERTS.',
  relay_login_refused:
    'Correct the user and the password in SMTP_URL. Percent-encode their special characters.',
  relay_refuses_now:
    'Look the status up with the operator of the relay, which may not let MAIL_FROM send, and try again.',
}

function explain(error: unknown, relay: string): Finding {
  if (error instanceof SmtpError) return problem(`${relay}: ${error.message}`, cures[error.code])
  // The package that sends is not there.
  if (error instanceof ConfigError) {
    return problem(error.problems.join(' '), 'Install it where Portcullis is installed.')
  }
  throw error
}

function outboxFindings({ inspection, now }: Subject): readonly Finding[] {
  if (inspection?.contents == null) return []
  const { waiting, oldestWaitsSince, failed } = inspection.contents.mails
  const found: Finding[] = []
  const wait = now - (oldestWaitsSince ?? now)
  if (wait > longestWait) {
    const mails = waiting === 1 ? 'A mail waits' : `${waiting} mails wait`
    found.push(
      warning(
        `${mails} to be sent, the oldest for ${inWords(wait)}.`,
        'Check that a server with SMTP_URL runs. Its log says why a mail was not sent.',
      ),
    )
  }
  if (failed > 0) {
    found.push(
      warning(
        `${failed} ${failed === 1 ? 'mail was' : 'mails were'} given up in the last day.`,
        'Run `portcullis events list --type mail_failed`: it says why.',
      ),
    )
  }
  return found
}
