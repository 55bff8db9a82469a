import { ownSentences, type Sentence } from './german-own-reasons.ts'

const advice = 'Vier oder mehr Wörter ohne Zusammenhang sind besser.'

const parts: Readonly<Record<string, string>> = {
  'a repeat': 'eine Wiederholung',
  'a row of characters': 'eine Folge von Zeichen',
  'a row of keys': 'eine Reihe von Tasten',
  'a date': 'ein Datum',
  'a year': 'ein Jahr',
  'the username or a name of this site': 'der Benutzername oder ein Name dieser Seite',
  'a common password': 'ein häufiges Passwort',
  'a common word': 'ein häufiges Wort',
}

/** `characters 1 to 8 are a common password`, which may follow one another. */
function partsInGerman(said: string): string {
  return said
    .split(', ')
    .map((part) => {
      const [, from = '', to, kind = ''] =
        /^characters? (\d+)(?: to (\d+))? (?:is|are) (.+)$/.exec(part) ?? []
      const place = to === undefined ? `Zeichen ${from}` : `Zeichen ${from} bis ${to}`
      return `${place}: ${parts[kind] ?? kind}`
    })
    .join(', ')
}

const sentences: readonly Sentence[] = [
  [
    /^The password must have at least (\d+) characters\.$/,
    (least) => `Das Passwort muss mindestens ${least} Zeichen haben.`,
  ],
  [
    /^The password must have at most (\d+) bytes\.$/,
    (most) => `Das Passwort darf höchstens ${most} Bytes haben.`,
  ],
  [
    /^The password must not contain a line break or a NUL character\.$/,
    () => 'Das Passwort darf weder einen Zeilenumbruch noch ein NUL-Zeichen enthalten.',
  ],
  [
    /^The password must not be the username\.$/,
    () => 'Das Passwort darf nicht der Benutzername sein.',
  ],
  [
    /^The password is printed in the documents: choose one of your own\.$/,
    () => 'Das Passwort steht in der Dokumentation: wählen Sie ein eigenes.',
  ],
  [
    /^The password is easy to guess: everybody knows the phrase\./,
    () => `Das Passwort ist leicht zu erraten: alle kennen den Ausdruck. ${advice}`,
  ],
  [
    /^The password is easy to guess: it is too short\./,
    () => `Das Passwort ist leicht zu erraten: es ist zu kurz. ${advice}`,
  ],
  [
    /^The password is easy to guess: (characters? [^.]+)\./,
    (said = '') => `Das Passwort ist leicht zu erraten. ${partsInGerman(said)}. ${advice}`,
  ],
  [
    /^The password is in a list of stolen passwords: choose another one\.$/,
    () => 'Das Passwort steht in einer Liste gestohlener Passwörter: wählen Sie ein anderes.',
  ],
  [
    /^The username must have 1 to (\d+) letters/,
    (most) =>
      `Der Benutzername muss 1 bis ${most} Buchstaben, Ziffern oder ASCII-Zeichen haben, ohne Leerzeichen und aus einer Schrift.`,
  ],
  [
    /^A username with an @ must be the verified e-mail address of the user\.$/,
    () => 'Ein Benutzername mit @ muss Ihre bestätigte E-Mail-Adresse sein.',
  ],
  [/^The username is taken\.$/, () => 'Der Benutzername ist vergeben.'],
  [
    /^The e-mail address must be of the form name@example\.com/,
    () => 'Die E-Mail-Adresse muss die Form name@example.com haben, mit ASCII-Zeichen vor dem @.',
  ],
  [
    /^Another user has verified the e-mail address\.$/,
    () => 'Ein anderes Konto hat die E-Mail-Adresse bestätigt.',
  ],
  [
    /^The code is not right, or it has ended: ask for a new one\.$/,
    () => 'Der Code ist nicht richtig oder gilt nicht mehr: fordern Sie einen neuen an.',
  ],
  [
    /^Only addresses of (.+) may register\.$/,
    (domains) => `Nur Adressen von ${domains} können sich registrieren.`,
  ],
  [/^Registration is closed\.$/, () => 'Die Registrierung ist geschlossen.'],
  [
    /^The registration was refused: try it again\.$/,
    () => 'Die Registrierung wurde abgelehnt: versuchen Sie es noch einmal.',
  ],
  ...ownSentences,
]

/** A reason of the library in German; in English if it is not known here. */
export function inGerman(sentence: string): string {
  for (const [pattern, translate] of sentences) {
    const found = pattern.exec(sentence)
    if (found) return translate(...found.slice(1))
  }
  return sentence
}
