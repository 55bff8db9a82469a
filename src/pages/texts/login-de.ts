import { de as accounts, span } from './de.ts'
import type { LoginTexts } from './login-texts.ts'

const tellOperator = 'Wenden Sie sich an den Betreiber der Anwendung.'

/** The pages of logging in, in German. */
export const de: LoginTexts = {
  lang: 'de',
  login: {
    title: 'Anmelden',
    lead: (client) => `Melden Sie sich an, um zu ${client} zu gelangen.`,
    username: 'Benutzername',
    password: 'Passwort',
    stay: 'Auf diesem Gerät angemeldet bleiben',
    button: 'Anmelden',
    forgotPassword: 'Passwort vergessen?',
    register: 'Registrieren',
  },
  factor: {
    title: 'Bestätigen Sie, dass Sie es sind',
    lead: 'Geben Sie den Code ein, den Ihre Authenticator-App jetzt zeigt.',
    code: 'Code',
    hint: 'Sechs Ziffern. Wenn Sie die App verloren haben, geben Sie einen Ihrer Wiederherstellungscodes ein.',
    button: 'Weiter',
  },
  factorSetUp: {
    title: 'Authenticator-App einrichten',
    lead: 'Ihr Konto braucht einen zweiten Faktor. Scannen Sie dieses Bild mit einer Authenticator-App, und geben Sie dann den Code ein, den sie zeigt.',
    open: 'Die App auf diesem Gerät öffnen',
    secret: 'Wenn Sie es nicht scannen können, geben Sie dies in die App ein:',
  },
  passkey: {
    login: 'Mit Passkey anmelden',
    use: 'Passkey verwenden',
    lead: 'Verwenden Sie Ihren Passkey.',
    leadOrCode:
      'Verwenden Sie Ihren Passkey, oder geben Sie den Code ein, den Ihre App jetzt zeigt.',
    asks: (client) => `${client} verlangt Ihren Passkey.`,
    recoveryCode: 'Wiederherstellungscode',
    recoveryHint:
      'Wenn Sie Ihren Passkey verloren haben, geben Sie einen Ihrer Wiederherstellungscodes ein.',
    setUp: {
      title: 'Zweiten Faktor einrichten',
      lead: 'Ihr Konto braucht einen zweiten Faktor: einen Passkey oder eine Authenticator-App. Ein Passkey liegt auf Ihrem Gerät oder auf einem Sicherheitsschlüssel.',
      button: 'Passkey einrichten',
      app: {
        title: 'App für Codes',
        text: 'Scannen Sie dieses Bild mit einer Authenticator-App, und geben Sie dann den Code ein, den sie zeigt.',
      },
    },
    failed: 'Es wurde kein Passkey verwendet. Versuchen Sie es noch einmal oder auf anderem Weg.',
    notMade:
      'Es wurde kein Passkey eingerichtet. Versuchen Sie es noch einmal oder mit einem anderen Gerät.',
    known: 'Dieses Gerät hat schon einen Passkey für Ihr Konto.',
    elsewhere: (origin) =>
      `An dieser Adresse gibt es keine Passkeys. Öffnen Sie ${origin}, um einen zu verwenden.`,
  },
  recoveryCodes: {
    title: 'Bewahren Sie diese Codes auf',
    lead: 'Mit jedem können Sie sich einmal anmelden, wenn Sie Ihre App oder Ihren Passkey verlieren. Sie werden nicht noch einmal gezeigt.',
    link: 'Ich habe sie aufbewahrt: weiter',
    copy: 'Codes kopieren',
    copied: 'Kopiert',
    print: 'Codes drucken',
    download: 'Codes herunterladen',
    file: 'wiederherstellungscodes.txt',
  },
  consent: {
    title: 'Zugriff erlauben?',
    asks: (client) => `${client} bittet um Zugriff auf Ihr Konto.`,
    list: 'Wenn Sie es erlauben, kann die Anwendung:',
    nothing: 'Sie erfährt nur, dass Sie sich angemeldet haben.',
    returnsTo: (host) => `In jedem Fall gelangen Sie danach zu ${host}.`,
    website: 'Website',
    policy: 'Datenschutzerklärung',
    terms: 'Nutzungsbedingungen',
    deny: 'Ablehnen',
    allow: 'Erlauben',
  },
  continue: {
    title: 'Fortfahren?',
    asks: (client) =>
      `Ein Programm auf diesem Gerät bittet um Ihre Anmeldung und nennt sich ${client}.`,
    advice: 'Fahren Sie nur fort, wenn Sie es gerade gestartet haben.',
    deny: 'Abbrechen',
    allow: (username) => `Als ${username} fortfahren`,
  },
  loggedInAs: (username) => `Sie sind als ${username} angemeldet.`,
  switchAccount: 'Anderes Konto verwenden',
  movingOn: {
    title: 'Einen Moment',
    text: 'Wenn diese Seite stehen bleibt, drücken Sie auf Weiter.',
    link: 'Weiter',
  },
  formPost: {
    title: 'Einen Moment',
    text: (client) => `Drücken Sie auf Weiter, um zu ${client} zurückzukehren.`,
    button: 'Weiter',
  },
  logout: {
    question: {
      title: 'Abmelden?',
      text: 'Auch Anwendungen, die Sie mit dieser Anmeldung geöffnet haben, werden abgemeldet.',
      button: 'Abmelden',
    },
    done: {
      title: 'Abgemeldet',
      text: 'Sie sind in diesem Browser abgemeldet.',
      back: (client) => `Zurück zu ${client}`,
    },
  },
  apps: {
    title: 'Anwendungen mit Zugriff',
    lead: 'Sie haben diesen Anwendungen erlaubt, Ihr Konto zu verwenden.',
    none: 'Sie haben keiner Anwendung erlaubt, Ihr Konto zu verwenden.',
    since: 'Erlaubt am',
    withdraw: 'Zugriff entziehen',
    withdrawn: (client) => `${client} hat keinen Zugriff mehr.`,
  },
  email: {
    title: 'E-Mail-Adresse ändern',
    login:
      'Melden Sie sich an, um Ihre E-Mail-Adresse zu ändern. Das geht in den ersten 5 Minuten nach einer Anmeldung.',
    verified: (address) => `Ihre Adresse ist ${address}.`,
    unverified: (address) => `Ihre Adresse ist ${address}. Sie ist nicht bestätigt.`,
    none: 'Ihr Konto hat keine E-Mail-Adresse.',
    field: 'Neue E-Mail-Adresse',
    hint: 'Wir senden einen Code dorthin. Ihre Adresse ändert sich, wenn Sie ihn eingeben.',
    send: 'Code senden',
    sendThere: 'Diese Adresse bestätigen',
    remove: {
      title: 'Adresse entfernen',
      lead: 'Ohne Adresse bekommen Sie keine Mail, wenn Sie Ihr Passwort vergessen. Mit dem Entfernen werden Sie überall sonst abgemeldet.',
      button: 'Adresse entfernen',
    },
    code: {
      title: 'Code eingeben',
      sent: (address) =>
        `Wenn ${address} Ihre Adresse werden kann, haben wir einen Code dorthin gesendet.`,
      sentBefore: 'Wenn die Adresse Ihre werden kann, haben wir einen Code dorthin gesendet.',
      field: 'Code aus der Mail',
      hint: 'Er hat 8 Ziffern und gilt 10 Minuten. Mit der Bestätigung werden Sie überall sonst abgemeldet.',
      button: 'Adresse bestätigen',
      missing: 'Geben Sie den Code aus der Mail ein.',
      again: 'Code noch einmal senden',
      sentAgain:
        'Wenn ein Code zu senden ist, haben wir ihn noch einmal gesendet. Nur der neueste gilt.',
      another: 'Andere Adresse verwenden',
    },
    done: {
      title: 'Adresse geändert',
      text: (address) => `Ihre Adresse ist ${address}. Überall sonst sind Sie abgemeldet.`,
    },
    removed: {
      title: 'Adresse entfernt',
      text: 'Ihr Konto hat keine E-Mail-Adresse. Überall sonst sind Sie abgemeldet.',
    },
  },
  form: accounts.form,
  problems: {
    reason: accounts.problems.reason,
    missing: 'Geben Sie Ihren Benutzernamen und Ihr Passwort ein.',
    incorrect: 'Der Benutzername oder das Passwort ist falsch.',
    codeIncorrect: 'Der Code stimmt nicht. Geben Sie den ein, den die App jetzt zeigt.',
    passkeyRefused:
      'Der Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder melden Sie sich mit Benutzername und Passwort an.',
    passkeyOneFactor:
      'Dieser Passkey prüft nicht, wer ihn benutzt. Melden Sie sich zuerst mit Ihrem Passwort an, und verwenden Sie dann den Passkey.',
    passkeyIncorrect:
      'Der Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder geben Sie einen Code ein.',
    inactive: 'Dieses Konto ist nicht aktiv. Bitten Sie die Verwaltung, es zu aktivieren.',
    throttled: (seconds) => `Zu viele Fehlversuche. Versuchen Sie es in ${span(seconds)} wieder.`,
    unavailable: accounts.problems.unavailable,
    expired: 'Dieses Formular war zu lange geöffnet. Senden Sie es noch einmal.',
    loginEnded: 'Diese Anmeldung ist beendet. Melden Sie sich noch einmal an.',
    otherUser:
      'Inzwischen hat sich jemand anderes angemeldet. Prüfen Sie, wer Sie sind, und antworten Sie dann noch einmal.',
  },
  errors: {
    clientUnknown: {
      title: 'Unbekannte Anwendung',
      text: `Mit der Client-ID dieses Links ist keine Anwendung registriert. ${tellOperator}`,
    },
    clientNotAllowed: {
      title: 'Anmeldung nicht erlaubt',
      text: `Diese Anwendung ist nicht für Anmeldungen im Browser registriert. ${tellOperator}`,
    },
    redirectMissing: {
      title: 'Rücksprungadresse fehlt',
      text: `Der Link sagt nicht, wohin Sie nach der Anmeldung gelangen. ${tellOperator}`,
    },
    redirectUnregistered: {
      title: 'Rücksprungadresse nicht registriert',
      text: `Der Link führt zu einer Adresse, die für diese Anwendung nicht registriert ist. ${tellOperator}`,
    },
    repeated: {
      title: 'Link nicht lesbar',
      text: `Der Link nennt die Anwendung oder ihre Rücksprungadresse zweimal. ${tellOperator}`,
    },
    tooLong: {
      title: 'Link zu lang',
      text: `Der Link hat mehr als 8 KiB Parameter. ${tellOperator}`,
    },
    cookiesOff: {
      title: 'Cookies sind abgeschaltet',
      text: 'Der Browser hat unser Cookie nicht zurückgesendet. Erlauben Sie Cookies für diese Seite, und beginnen Sie dann in der Anwendung von vorn.',
    },
    foreign: accounts.foreign,
    unreadable: accounts.unreadable,
    method: { title: 'Nicht möglich', text: 'Diese Adresse nimmt keine Anfragen dieser Art an.' },
    failed: accounts.failed,
  },
  later: (seconds) => ({
    title: 'Später noch einmal versuchen',
    text: accounts.problems.unavailable(seconds),
  }),
  requestId: 'Kennung der Anfrage für den Betreiber:',
  scopes: {
    openid: 'Sie an einer Kennung wiedererkennen',
    profile: 'Ihren Namen und andere Teile Ihres Profils sehen',
    email: 'Ihre E-Mail-Adresse sehen',
    address: 'Ihre Postanschrift sehen',
    phone: 'Ihre Telefonnummer sehen',
    offline_access:
      'Den Zugriff behalten, nachdem Sie sich abgemeldet haben, bis Sie ihn entziehen',
  },
}
