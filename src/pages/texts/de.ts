import type { AccountTexts } from './account-texts.ts'
import { inGerman } from './german-reasons.ts'

/** `1 Minute`, `5 Sekunden`. */
export function span(seconds: number): string {
  const [count, unit] = seconds < 60 ? [seconds, 'Sekunde'] : [Math.ceil(seconds / 60), 'Minute']
  return `${count} ${unit}${count === 1 ? '' : 'n'}`
}

/** The pages in German. */
export const de: AccountTexts = {
  lang: 'de',
  form: {
    correctOne: 'Korrigieren Sie dieses Feld:',
    correctMany: 'Korrigieren Sie diese Felder:',
    show: 'Zeigen',
    hide: 'Verbergen',
  },
  pages: {
    register: {
      title: 'Registrieren',
      lead: 'Wir senden Ihnen einen Link. Öffnen Sie ihn, um einen Namen und ein Passwort zu wählen.',
      button: 'Link senden',
    },
    completeRegistration: { title: 'Namen und Passwort wählen', button: 'Registrieren' },
    invitation: { title: 'Einladung annehmen', button: 'Annehmen' },
    forgotPassword: {
      title: 'Passwort vergessen?',
      lead: 'Wir senden einen Link an die Adresse Ihres Kontos. Öffnen Sie ihn, um ein neues Passwort zu wählen.',
      button: 'Link senden',
    },
    resetPassword: {
      title: 'Neues Passwort wählen',
      lead: 'Alle, die mit Ihrem Konto angemeldet sind, werden abgemeldet.',
      button: 'Passwort setzen',
    },
    restoreEmail: {
      title: 'Frühere Adresse wiederherstellen',
      lead: 'Ihre frühere Adresse wird wieder die Adresse Ihres Kontos. Alle, die damit angemeldet sind, werden abgemeldet.',
      button: 'Adresse wiederherstellen',
    },
  },
  fields: {
    email: { label: 'E-Mail-Adresse' },
    account: { label: 'E-Mail-Adresse oder Benutzername' },
    token: {
      label: 'Link oder Code',
      hint: 'Fügen Sie den ganzen Link aus der E-Mail ein, oder den Code an seinem Ende.',
    },
    username: { label: 'Benutzername' },
    password: { label: 'Passwort' },
  },
  invitedName: 'Lassen Sie das Feld leer, wenn die Einladung Ihnen einen Namen gibt.',
  passwordHint: (least) =>
    `Mindestens ${least} Zeichen; vier oder mehr Wörter ohne Zusammenhang sind gut.`,
  done: {
    register: (who) => ({
      title: 'Sehen Sie in Ihre E-Mails',
      text: `Wenn Sie sich mit ${who} registrieren können, haben wir eine E-Mail dorthin gesendet. Ihr Link gilt einmal, eine Stunde lang.`,
    }),
    forgotPassword: (who) => ({
      title: 'Sehen Sie in Ihre E-Mails',
      text: `Wenn ${who} ein Konto mit bestätigter Adresse ist, haben wir einen Link dorthin gesendet. Er gilt einmal, eine halbe Stunde lang.`,
    }),
    account: (who) => ({
      title: 'Konto angelegt',
      text: `Sie können sich jetzt als ${who} anmelden.`,
    }),
    resetPassword: {
      title: 'Passwort gesetzt',
      text: 'Melden Sie sich jetzt mit dem neuen Passwort an.',
    },
    restoreEmail: {
      title: 'Adresse wiederhergestellt',
      text: 'Ihre frühere Adresse ist wieder die Adresse Ihres Kontos.',
    },
  },
  gone: {
    title: 'Der Link gilt nicht mehr',
    text: 'Er wurde schon benutzt, oder er ist abgelaufen.',
  },
  foreign: {
    title: 'Nicht gesendet',
    text: 'Das Formular kam nicht von dieser Seite, deshalb ist nichts geschehen.',
  },
  unreadable: {
    title: 'Nicht gesendet',
    text: 'Das Formular war nicht lesbar, deshalb ist nichts geschehen.',
  },
  failed: {
    title: 'Nicht ausgeführt',
    text: 'Der Server hat einen Fehler gemacht. Er ist im Protokoll.',
  },
  problems: {
    missing: 'Füllen Sie dieses Feld aus.',
    token: 'Das ist weder ein Link aus einer E-Mail noch sein Code.',
    throttled: (seconds) => `Zu viele falsche Links. Versuchen Sie es in ${span(seconds)} wieder.`,
    unavailable: (seconds) =>
      `Der Server ist ausgelastet. Versuchen Sie es in ${span(seconds)} wieder.`,
    reason: inGerman,
  },
  links: {
    haveLink: 'Ich habe schon einen Link',
    askAgain: 'Neuen Link anfordern',
    open: 'Seite neu öffnen',
    newPassword: 'Auch ein neues Passwort wählen',
    askInviter: 'Fragen Sie die Person, die Sie eingeladen hat, nach einem neuen.',
    askAdministrator: 'Fragen Sie die Verwaltung nach einem neuen.',
  },
}
