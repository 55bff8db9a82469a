// The public surface of `portcullis/mail`. Nothing else of the package loads nodemailer.

export { type Mail, type Mailer, MailRefusedError, type Sender } from '../core/mail/mailer.ts'
export { SmtpError, type SmtpErrorCode, type SmtpMailer, type SmtpOptions, smtp } from './smtp.ts'
export { smtpProblems } from './smtp-url.ts'
