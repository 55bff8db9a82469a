import { addressIn } from '../../address.ts'
import { type Fact, type Letters, timesIn } from './letters.ts'
import type { Notice } from './mail-data.ts'

const timeOf = timesIn('en-GB')

function factsOf({ at, source, program }: Omit<Notice, 'sessionsUrl'>): readonly Fact[] {
  const { name = 'another program', system = null } = program ?? {}
  return [
    ['Time', timeOf(at)],
    ['Address', addressIn(source ?? '') ?? 'unknown'],
    ['Program', system === null ? name : `${name} on ${system}`],
  ]
}

const sessionsLink = ({ sessionsUrl }: Notice): { label: string; url: string } | undefined =>
  sessionsUrl === null ? undefined : { label: 'See where you are logged in', url: sessionsUrl }

const ignore = 'If this was not you, you can ignore this mail.'
const wasItYou = 'If this was not you, set a new password now. That logs out everybody else.'

const askThem = (name: string): string =>
  `If this was not you, ask those who run ${name} to remove it, and set a new password.`

/** The mails in English. */
export const en: Letters = {
  registration: ({ link, expiresAt }, { name }) => ({
    subject: `Register at ${name}`,
    says: [`This link lets you register at ${name}.`],
    link: { label: 'Register', url: link },
    adds: [`It works once, until ${timeOf(expiresAt)}.`, ignore],
  }),
  already_registered: ({ resetLink }, { name }) => ({
    subject: `You are already registered at ${name}`,
    says: [
      `Somebody asked to register at ${name} with this address. You are registered already, and nothing was changed.`,
    ],
    link: resetLink === null ? undefined : { label: 'Set a new password', url: resetLink },
    adds: [ignore],
  }),
  invitation: ({ link, expiresAt }, { name }) => ({
    subject: `You are invited to ${name}`,
    says: [`You are invited to ${name}. With this link you set your password.`],
    link: { label: 'Accept the invitation', url: link },
    adds: [`It works once, until ${timeOf(expiresAt)}.`],
  }),
  password_reset: ({ link, expiresAt, username }, { name }) => ({
    subject: `Set a new password for ${name}`,
    says: [`Somebody asked for a new password for your account ${username} at ${name}.`],
    link: { label: 'Set a new password', url: link },
    adds: [
      `The link works once, until ${timeOf(expiresAt)}. Your password stays as it is until then.`,
      ignore,
    ],
  }),
  password_elsewhere: ({ issuer }, { name }) => ({
    subject: `Your password for ${name}`,
    says: [
      `Somebody asked for a new password for your account at ${name}. You log in there with ${issuer}, which keeps your password. Change it there.`,
    ],
    adds: [ignore],
  }),
  email_code: ({ code, expiresAt }, { name }) => ({
    subject: `Your code for ${name}`,
    says: [`Type this code at ${name} to confirm your address:`],
    code,
    adds: [`It is valid until ${timeOf(expiresAt)}. Give it to nobody.`, ignore],
  }),
  email_change_begun: (notice, { name }) => ({
    subject: `A new address for your account at ${name}`,
    says: [`Somebody who is logged in as you asked to change your address at ${name}.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: ['This address stays in use until the new one is confirmed.', wasItYou],
  }),
  email_changed: (notice, { name }) => ({
    subject: `Your address at ${name} was changed`,
    says: [`Your account at ${name} has another address now. This one is not used any more.`],
    facts: factsOf(notice),
    ...(notice.restoreLink === null || notice.expiresAt === null
      ? { adds: [`If you did not expect this, ask those who run ${name}.`] }
      : {
          link: { label: 'Take the change back', url: notice.restoreLink },
          adds: [
            `If this was not you, use the link before ${timeOf(notice.expiresAt)}. It puts this address back and logs everybody out.`,
          ],
        }),
  }),
  email_confirmed: (_, { name }) => ({
    subject: `Your address at ${name} is confirmed`,
    says: [`This is now the address of your account at ${name}.`],
  }),
  email_wanted: (_, { name }) => ({
    subject: `Somebody wanted to use your address at ${name}`,
    says: [
      `Another user of ${name} asked to use this address. It is yours, so nothing was changed.`,
      'You need not do anything.',
    ],
  }),
  password_changed: (notice, { name }) => ({
    subject: `Your password for ${name} was changed`,
    says: [`The password of your account at ${name} was changed.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  new_login: (notice, { name }) => ({
    subject: `A new login at ${name}`,
    says: [
      `Somebody logged in to your account at ${name} from an address or a program that is new.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  role_changed: (notice, { name }) => ({
    subject: `Your role at ${name} was changed`,
    says: [`Your role at ${name} is ${notice.role} now.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
  }),
  account_locked: (notice, { name }) => ({
    subject: `Your account at ${name} is locked`,
    says: [
      `There were too many wrong passwords for your account at ${name}. It is locked until you set a new password or an administrator unlocks it.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
  }),
  factor_added: (notice, { name }) => ({
    subject: `A second factor for your account at ${name}`,
    says: [
      `A second factor was set up for your account at ${name}. From now on each login asks for it.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [askThem(name)],
  }),
  factor_removed: (notice, { name }) => ({
    subject: `A second factor of your account at ${name} was removed`,
    says: [`A second factor of your account at ${name} was removed.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  factor_locked: (notice, { name }) => ({
    subject: `The codes of your account at ${name} are locked`,
    says: [
      `There were too many wrong codes for your account at ${name}. Codes of your app are refused until you log in with a recovery code, or an administrator helps you.`,
      'The codes are asked for after the password. If this was not you, somebody knows your password.',
    ],
    facts: factsOf(notice),
    adds: ['Set a new password then.'],
  }),
  recovery_code_used: (notice, { name }) => ({
    subject: `A recovery code of your account at ${name} was used`,
    says: [
      `Somebody logged in to your account at ${name} with a recovery code. Codes that are left: ${notice.left}.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  recovery_codes_made: (notice, { name }) => ({
    subject: `New recovery codes for your account at ${name}`,
    says: [`There are new recovery codes for your account at ${name}. The older ones are refused.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  deletion_begun: ({ deleteAt }, { name }) => ({
    subject: `Your account at ${name} will be deleted`,
    says: [`Your account at ${name} will be deleted on ${timeOf(deleteAt)}.`],
    adds: ['To keep it, log in before that.'],
  }),
  api_key_created: (notice, { name }) => ({
    subject: `A new API key for your account at ${name}`,
    says: [
      `The API key “${notice.key}” was made for your account at ${name}. A program that has it can act for you.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: ['If this was not you, end the key and set a new password now.'],
  }),
  api_key_ended: (notice, { name }) => ({
    subject: `An API key of your account at ${name} has ended`,
    says: [`The API key “${notice.key}” of your account at ${name} was ended, and is refused now.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
  }),
  api_key_expires: ({ key, expiresAt }, { name }) => ({
    subject: `An API key of your account at ${name} expires soon`,
    says: [`The API key “${key}” of your account at ${name} expires on ${timeOf(expiresAt)}.`],
    adds: ['If a program needs it after that, make a new key for it.'],
  }),
}
