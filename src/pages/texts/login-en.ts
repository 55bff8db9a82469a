import { en as accounts, span } from './en.ts'
import type { LoginTexts } from './login-texts.ts'

const tellOperator = 'Tell the operator of the application.'

/** The pages of logging in, in English. */
export const en: LoginTexts = {
  lang: 'en',
  login: {
    title: 'Log in',
    lead: (client) => `Log in to continue to ${client}.`,
    username: 'Username',
    password: 'Password',
    stay: 'Stay logged in on this device',
    button: 'Log in',
    forgotPassword: 'Forgot your password?',
    register: 'Register',
  },
  factor: {
    title: 'Confirm it is you',
    lead: 'Type the code that your authenticator app shows now.',
    code: 'Code',
    hint: 'Six digits. If you have lost your app, type one of your recovery codes.',
    button: 'Continue',
  },
  factorSetUp: {
    title: 'Set up an authenticator app',
    lead: 'Your account needs a second factor. Scan this picture with an authenticator app, then type the code that the app shows.',
    open: 'Open the app on this device',
    secret: 'If you cannot scan it, type this into the app:',
  },
  passkey: {
    login: 'Log in with a passkey',
    use: 'Use a passkey',
    lead: 'Use your passkey.',
    leadOrCode: 'Use your passkey, or type the code that your authenticator app shows now.',
    asks: (client) => `${client} asks for your passkey.`,
    recoveryCode: 'Recovery code',
    recoveryHint: 'If you have lost your passkey, type one of your recovery codes.',
    setUp: {
      title: 'Set up a second factor',
      lead: 'Your account needs a second factor: a passkey or an authenticator app. A passkey is kept on your device or on a security key.',
      button: 'Set up a passkey',
      app: {
        title: 'Authenticator app',
        text: 'Scan this picture with an authenticator app, then type the code that the app shows.',
      },
    },
    failed: 'No passkey was used. Try again, or use another way.',
    notMade: 'No passkey was set up. Try again, or use another device.',
    known: 'This device has a passkey for your account already.',
    elsewhere: (origin) => `Passkeys do not work at this address. Open ${origin} to use one.`,
  },
  recoveryCodes: {
    title: 'Keep these recovery codes',
    lead: 'Each lets you log in once if you lose your app or your passkey. They are not shown again.',
    link: 'I have kept them: continue',
    copy: 'Copy codes',
    copied: 'Copied',
    print: 'Print codes',
    download: 'Download codes',
    file: 'recovery-codes.txt',
  },
  consent: {
    title: 'Allow access?',
    asks: (client) => `${client} asks for access to your account.`,
    list: 'If you allow it, the application can:',
    nothing: 'It learns only that you have logged in.',
    returnsTo: (host) => `Either way you then go to ${host}.`,
    website: 'Website',
    policy: 'Privacy policy',
    terms: 'Terms of service',
    deny: 'Deny',
    allow: 'Allow',
  },
  continue: {
    title: 'Continue?',
    asks: (client) =>
      `A program on this device asks for your login, and says that it is ${client}.`,
    advice: 'Continue only if you have just started it.',
    deny: 'Cancel',
    allow: (username) => `Continue as ${username}`,
  },
  loggedInAs: (username) => `You are logged in as ${username}.`,
  switchAccount: 'Use another account',
  movingOn: {
    title: 'One moment',
    text: 'If this page does not go away, press Continue.',
    link: 'Continue',
  },
  formPost: {
    title: 'One moment',
    text: (client) => `Press Continue to go back to ${client}.`,
    button: 'Continue',
  },
  logout: {
    question: {
      title: 'Log out?',
      text: 'Applications that you opened with this login are logged out too.',
      button: 'Log out',
    },
    done: {
      title: 'Logged out',
      text: 'You are logged out in this browser.',
      back: (client) => `Back to ${client}`,
    },
  },
  apps: {
    title: 'Applications with access',
    lead: 'You have allowed these applications to use your account.',
    none: 'You have allowed no application to use your account.',
    since: 'Allowed on',
    withdraw: 'Withdraw access',
    withdrawn: (client) => `${client} has no access any more.`,
  },
  email: {
    title: 'Change your e-mail address',
    login: 'Log in to change your e-mail address. This needs a login of the last 5 minutes.',
    verified: (address) => `Your address is ${address}.`,
    unverified: (address) => `Your address is ${address}. It is not confirmed.`,
    none: 'Your account has no e-mail address.',
    field: 'New e-mail address',
    hint: 'We send a code there. Your address changes when you enter the code.',
    send: 'Send code',
    sendThere: 'Confirm this address',
    remove: {
      title: 'Remove your address',
      lead: 'Without an address you get no mail if you forget your password. Removing it logs you out everywhere else.',
      button: 'Remove address',
    },
    code: {
      title: 'Enter the code',
      sent: (address) => `If ${address} can be your address, we have sent a code there.`,
      sentBefore: 'If the address can be yours, we have sent a code there.',
      field: 'Code',
      hint: 'The 8 digits of the mail. They work for 10 minutes. Confirming logs you out everywhere else.',
      button: 'Confirm address',
      missing: 'Enter the code of the mail.',
      again: 'Send the code again',
      sentAgain:
        'If there is a code to be sent, we have sent it again. Only the newest code works.',
      another: 'Use another address',
    },
    done: {
      title: 'Address changed',
      text: (address) => `Your address is ${address}. You are logged out everywhere else.`,
    },
    removed: {
      title: 'Address removed',
      text: 'Your account has no e-mail address. You are logged out everywhere else.',
    },
  },
  form: accounts.form,
  problems: {
    reason: accounts.problems.reason,
    missing: 'Enter your username and your password.',
    incorrect: 'The username or the password is incorrect.',
    codeIncorrect: 'The code is not right. Type the one that the app shows now.',
    passkeyRefused:
      'The passkey was not accepted. Try again, or log in with your username and your password.',
    passkeyOneFactor:
      'This passkey does not check who uses it. Log in with your password first, then use the passkey.',
    passkeyIncorrect: 'The passkey was not accepted. Try again, or type a code.',
    inactive: 'This account is inactive. Ask an administrator to activate it.',
    throttled: (seconds) => `Too many failed attempts. Try again in ${span(seconds)}.`,
    unavailable: accounts.problems.unavailable,
    expired: 'This form was open for too long. Send it again.',
    loginEnded: 'This login has ended. Log in again.',
    otherUser: 'Another user has logged in meanwhile. Check who you are, then answer again.',
  },
  errors: {
    clientUnknown: {
      title: 'Unknown application',
      text: `No application is registered with the client ID of this link. ${tellOperator}`,
    },
    clientNotAllowed: {
      title: 'Login not allowed',
      text: `This application is not registered for logins in a browser. ${tellOperator}`,
    },
    redirectMissing: {
      title: 'Return address missing',
      text: `The link does not say where you return to after the login. ${tellOperator}`,
    },
    redirectUnregistered: {
      title: 'Return address not registered',
      text: `The link returns to an address that is not registered for this application. ${tellOperator}`,
    },
    repeated: {
      title: 'Link not readable',
      text: `The link names the application or its return address twice. ${tellOperator}`,
    },
    tooLong: {
      title: 'Link too long',
      text: `The link has more than 8 KiB of parameters. ${tellOperator}`,
    },
    cookiesOff: {
      title: 'Cookies are off',
      text: 'The browser did not send our cookie back. Allow cookies for this site, then start again in the application.',
    },
    foreign: accounts.foreign,
    unreadable: accounts.unreadable,
    method: { title: 'Not possible', text: 'This address does not take requests of this kind.' },
    failed: accounts.failed,
  },
  later: (seconds) => ({
    title: 'Try again later',
    text: accounts.problems.unavailable(seconds),
  }),
  requestId: 'Request ID for the operator:',
  scopes: {
    openid: 'Recognize you by an identifier',
    profile: 'See your name and other parts of your profile',
    email: 'See your e-mail address',
    address: 'See your postal address',
    phone: 'See your telephone number',
    offline_access: 'Keep its access after you log out, until you withdraw it',
  },
}
