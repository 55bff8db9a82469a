// The public surface of `portcullis/mail`. Nothing else of the package loads nodemailer.

export type { MailKind, NoticeKind } from '../core/mail/kinds.ts'
export { type Mail, type Mailer, MailRefusedError, type Sender } from '../core/mail/mailer.ts'
export type {
  MailCommon,
  MailData,
  MailTemplate,
  MailTemplates,
  MailText,
} from '../core/mail/templates/mail-data.ts'
export { SmtpError, type SmtpErrorCode, type SmtpMailer, type SmtpOptions, smtp } from './smtp.ts'
export { smtpProblems } from './smtp-url.ts'
