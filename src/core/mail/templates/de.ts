import { addressIn } from '../../address.ts'
import { type Fact, type Letters, timesIn } from './letters.ts'
import type { Notice } from './mail-data.ts'

const timeOf = timesIn('de-DE')

function factsOf({ at, source, program }: Omit<Notice, 'sessionsUrl'>): readonly Fact[] {
  const { name = 'ein anderes Programm', system = null } = program ?? {}
  return [
    ['Zeit', timeOf(at)],
    ['Adresse', addressIn(source ?? '') ?? 'unbekannt'],
    ['Programm', system === null ? name : `${name} unter ${system}`],
  ]
}

const sessionsLink = ({ sessionsUrl }: Notice): { label: string; url: string } | undefined =>
  sessionsUrl === null ? undefined : { label: 'Ansehen, wo Sie angemeldet sind', url: sessionsUrl }

const ignore = 'Wenn Sie das nicht waren, müssen Sie nichts tun.'
const wasItYou =
  'Wenn Sie das nicht waren, setzen Sie jetzt ein neues Passwort. Damit werden alle anderen abgemeldet.'

/** The mails in German. */
export const de: Letters = {
  registration: ({ link, expiresAt }, { name }) => ({
    subject: `Registrierung bei ${name}`,
    says: [`Mit diesem Link können Sie sich bei ${name} registrieren.`],
    link: { label: 'Registrieren', url: link },
    adds: [`Er gilt einmal, bis ${timeOf(expiresAt)}.`, ignore],
  }),
  already_registered: ({ resetLink }, { name }) => ({
    subject: `Sie sind bei ${name} schon registriert`,
    says: [
      `Jemand wollte sich mit dieser Adresse bei ${name} registrieren. Sie sind schon registriert, und nichts wurde geändert.`,
    ],
    link: resetLink === null ? undefined : { label: 'Neues Passwort setzen', url: resetLink },
    adds: [ignore],
  }),
  invitation: ({ link, expiresAt }, { name }) => ({
    subject: `Einladung zu ${name}`,
    says: [`Sie sind zu ${name} eingeladen. Mit diesem Link setzen Sie Ihr Passwort.`],
    link: { label: 'Einladung annehmen', url: link },
    adds: [`Er gilt einmal, bis ${timeOf(expiresAt)}.`],
  }),
  password_reset: ({ link, expiresAt, username }, { name }) => ({
    subject: `Neues Passwort für ${name}`,
    says: [`Jemand hat ein neues Passwort für Ihr Konto ${username} bei ${name} angefordert.`],
    link: { label: 'Neues Passwort setzen', url: link },
    adds: [
      `Der Link gilt einmal, bis ${timeOf(expiresAt)}. Ihr Passwort ändert sich erst, wenn Sie ihn benutzen.`,
      ignore,
    ],
  }),
  password_elsewhere: ({ issuer }, { name }) => ({
    subject: `Ihr Passwort für ${name}`,
    says: [
      `Jemand hat ein neues Passwort für Ihr Konto bei ${name} angefordert. Sie melden sich dort mit ${issuer} an. Ändern Sie Ihr Passwort dort.`,
    ],
    adds: [ignore],
  }),
  email_code: ({ code, expiresAt }, { name }) => ({
    subject: `Ihr Code für ${name}`,
    says: [`Geben Sie diesen Code bei ${name} ein, um Ihre Adresse zu bestätigen:`],
    code,
    adds: [`Er gilt bis ${timeOf(expiresAt)}. Geben Sie ihn niemandem weiter.`, ignore],
  }),
  email_change_begun: (notice, { name }) => ({
    subject: `Eine neue Adresse für Ihr Konto bei ${name}`,
    says: [`Jemand, der mit Ihrem Konto angemeldet ist, möchte Ihre Adresse bei ${name} ändern.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: ['Diese Adresse gilt weiter, bis die neue bestätigt ist.', wasItYou],
  }),
  email_changed: (notice, { name }) => ({
    subject: `Ihre Adresse bei ${name} wurde geändert`,
    says: [`Ihr Konto bei ${name} hat jetzt eine andere Adresse. Diese wird nicht mehr verwendet.`],
    facts: factsOf(notice),
    ...(notice.restoreLink === null || notice.expiresAt === null
      ? { adds: [`Wenn Sie das nicht erwartet haben, fragen Sie die Betreiber von ${name}.`] }
      : {
          link: { label: 'Änderung zurücknehmen', url: notice.restoreLink },
          adds: [
            `Wenn Sie das nicht waren, benutzen Sie den Link vor ${timeOf(notice.expiresAt)}. Danach gilt wieder diese Adresse, und alle werden abgemeldet.`,
          ],
        }),
  }),
  email_confirmed: (_, { name }) => ({
    subject: `Ihre Adresse bei ${name} ist bestätigt`,
    says: [`Dies ist jetzt die Adresse Ihres Kontos bei ${name}.`],
  }),
  email_wanted: (_, { name }) => ({
    subject: `Jemand wollte Ihre Adresse bei ${name} verwenden`,
    says: [
      `Jemand anders wollte diese Adresse bei ${name} verwenden. Sie gehört Ihnen, deshalb wurde nichts geändert.`,
      'Sie müssen nichts tun.',
    ],
  }),
  password_changed: (notice, { name }) => ({
    subject: `Ihr Passwort für ${name} wurde geändert`,
    says: [`Das Passwort Ihres Kontos bei ${name} wurde geändert.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  new_login: (notice, { name }) => ({
    subject: `Neue Anmeldung bei ${name}`,
    says: [
      `Jemand hat sich mit Ihrem Konto bei ${name} von einer neuen Adresse oder mit einem neuen Programm angemeldet.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  role_changed: (notice, { name }) => ({
    subject: `Ihre Rolle bei ${name} wurde geändert`,
    says: [`Ihre Rolle bei ${name} ist jetzt ${notice.role}.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
  }),
  account_locked: (notice, { name }) => ({
    subject: `Ihr Konto bei ${name} ist gesperrt`,
    says: [
      `Für Ihr Konto bei ${name} wurden zu viele falsche Passwörter eingegeben. Es ist gesperrt, bis Sie ein neues Passwort setzen oder die Verwaltung es entsperrt.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
  }),
  factor_added: (notice, { name }) => ({
    subject: `Ein zweiter Faktor für Ihr Konto bei ${name}`,
    says: [
      `Für Ihr Konto bei ${name} wurde ein zweiter Faktor eingerichtet. Ab jetzt fragt jede Anmeldung danach.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [
      `Wenn Sie das nicht waren, bitten Sie die Betreiber von ${name}, ihn zu entfernen, und setzen Sie ein neues Passwort.`,
    ],
  }),
  factor_removed: (notice, { name }) => ({
    subject: `Ein zweiter Faktor Ihres Kontos bei ${name} wurde entfernt`,
    says: [`Ein zweiter Faktor Ihres Kontos bei ${name} wurde entfernt.`],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  factor_locked: (notice, { name }) => ({
    subject: `Die Codes Ihres Kontos bei ${name} sind gesperrt`,
    says: [
      `Für Ihr Konto bei ${name} wurden zu viele falsche Codes eingegeben. Codes Ihrer App werden abgelehnt, bis Sie sich mit einem Wiederherstellungscode anmelden oder die Verwaltung Ihnen hilft.`,
      'Nach dem Code wird erst nach dem Passwort gefragt. Wenn Sie das nicht waren, kennt jemand Ihr Passwort.',
    ],
    facts: factsOf(notice),
    adds: ['Setzen Sie dann ein neues Passwort.'],
  }),
  recovery_code_used: (notice, { name }) => ({
    subject: `Ein Wiederherstellungscode Ihres Kontos bei ${name} wurde benutzt`,
    says: [
      `Jemand hat sich mit einem Wiederherstellungscode in Ihrem Konto bei ${name} angemeldet. Übrige Codes: ${notice.left}.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  recovery_codes_made: (notice, { name }) => ({
    subject: `Neue Wiederherstellungscodes für Ihr Konto bei ${name}`,
    says: [
      `Für Ihr Konto bei ${name} gibt es neue Wiederherstellungscodes. Die früheren werden abgelehnt.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [wasItYou],
  }),
  deletion_begun: ({ deleteAt }, { name }) => ({
    subject: `Ihr Konto bei ${name} wird gelöscht`,
    says: [`Ihr Konto bei ${name} wird am ${timeOf(deleteAt)} gelöscht.`],
    adds: ['Wenn Sie es behalten möchten, melden Sie sich vorher an.'],
  }),
  api_key_created: (notice, { name }) => ({
    subject: `Ein neuer API-Schlüssel für Ihr Konto bei ${name}`,
    says: [
      `Für Ihr Konto bei ${name} wurde der API-Schlüssel „${notice.key}“ erstellt. Ein Programm, das ihn hat, kann für Sie handeln.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
    adds: [
      'Wenn Sie das nicht waren, beenden Sie den Schlüssel und setzen Sie jetzt ein neues Passwort.',
    ],
  }),
  api_key_ended: (notice, { name }) => ({
    subject: `Ein API-Schlüssel Ihres Kontos bei ${name} wurde beendet`,
    says: [
      `Der API-Schlüssel „${notice.key}“ Ihres Kontos bei ${name} wurde beendet und wird nicht mehr angenommen.`,
    ],
    facts: factsOf(notice),
    link: sessionsLink(notice),
  }),
  api_key_expires: ({ key, expiresAt }, { name }) => ({
    subject: `Ein API-Schlüssel Ihres Kontos bei ${name} läuft bald ab`,
    says: [`Der API-Schlüssel „${key}“ Ihres Kontos bei ${name} läuft am ${timeOf(expiresAt)} ab.`],
    adds: ['Wenn ein Programm ihn danach noch braucht, erstellen Sie einen neuen.'],
  }),
}
