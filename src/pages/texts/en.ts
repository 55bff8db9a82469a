import type { AccountTexts } from './account-texts.ts'

/** `1 minute`, `5 seconds`. */
export function span(seconds: number): string {
  const [count, unit] = seconds < 60 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** The pages in English. */
export const en: AccountTexts = {
  lang: 'en',
  form: {
    correctOne: 'Correct this field:',
    correctMany: 'Correct these fields:',
    show: 'Show',
    hide: 'Hide',
  },
  pages: {
    register: {
      title: 'Register',
      lead: 'We send you a link. Open it to choose a name and a password.',
      button: 'Send link',
    },
    completeRegistration: { title: 'Choose a name and a password', button: 'Register' },
    invitation: { title: 'Accept the invitation', button: 'Accept' },
    forgotPassword: {
      title: 'Forgot your password?',
      lead: 'We send a link to the address of your account. Open it to choose a new password.',
      button: 'Send link',
    },
    resetPassword: {
      title: 'Choose a new password',
      lead: 'Everybody who is logged in to your account is logged out.',
      button: 'Set password',
    },
    restoreEmail: {
      title: 'Restore your earlier address',
      lead: 'Your earlier address becomes the address of your account again. Everybody who is logged in to it is logged out.',
      button: 'Restore address',
    },
  },
  fields: {
    email: { label: 'E-mail address' },
    account: { label: 'E-mail address or username' },
    token: {
      label: 'Link or code',
      hint: 'Paste the whole link of the mail, or the code at its end.',
    },
    username: { label: 'Username' },
    password: { label: 'Password' },
  },
  invitedName: 'Leave it empty if the invitation gives you a name.',
  passwordHint: (least) => `At least ${least} characters; four or more unrelated words are good.`,
  done: {
    register: (who) => ({
      title: 'Check your mail',
      text: `If you can register with ${who}, we have sent a mail there. Its link works once, for an hour.`,
    }),
    forgotPassword: (who) => ({
      title: 'Check your mail',
      text: `If ${who} is an account with a confirmed address, we have sent a link there. It works once, for half an hour.`,
    }),
    account: (who) => ({ title: 'Account created', text: `You can log in as ${who} now.` }),
    resetPassword: {
      title: 'Password set',
      text: 'Log in with the new password now.',
    },
    restoreEmail: {
      title: 'Address restored',
      text: 'Your earlier address is the address of your account again.',
    },
  },
  gone: { title: 'The link works no more', text: 'It was used, or it has expired.' },
  foreign: {
    title: 'Not sent',
    text: 'The form did not come from this page, so nothing was done.',
  },
  unreadable: { title: 'Not sent', text: 'The form could not be read, so nothing was done.' },
  failed: { title: 'Not done', text: 'The server made a mistake. It is logged.' },
  problems: {
    missing: 'Fill in this field.',
    token: 'This is neither a link of a mail nor its code.',
    throttled: (seconds) => `Too many wrong links. Try again in ${span(seconds)}.`,
    unavailable: (seconds) => `The server is busy. Try again in ${span(seconds)}.`,
    reason: (sentence) => sentence,
  },
  links: {
    haveLink: 'I have a link already',
    askAgain: 'Ask for a new link',
    open: 'Open the page again',
    newPassword: 'Choose a new password too',
    askInviter: 'Ask the person who invited you for a new one.',
    askAdministrator: 'Ask an administrator for a new one.',
  },
}
