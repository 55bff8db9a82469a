import { ConfigError } from '../core/errors.ts'

/**
 * Loads nodemailer, which only those need who send by SMTP.
 *
 * @throws {ConfigError} if it is not installed.
 */
export async function loadNodemailer(): Promise<typeof import('nodemailer')> {
  try {
    return await import('nodemailer')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new ConfigError(
      ['Mails by SMTP need the package nodemailer: npm install nodemailer@10.'],
      { cause },
    )
  }
}
