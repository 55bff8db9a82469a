/** A sentence of the library, and what it is in German. */
export type Sentence = readonly [RegExp, (...found: readonly string[]) => string]

/** What is said to users who are logged in. */
export const ownSentences: readonly Sentence[] = [
  [/^The old password is not right\.$/, () => 'Das alte Passwort ist nicht richtig.'],
  [
    /^The account was changed meanwhile: log in and try again\.$/,
    () => 'Das Konto hat sich inzwischen geändert: melden Sie sich an und versuchen Sie es wieder.',
  ],
  [
    /^This enrolment has ended: begin again\.$/,
    () => 'Die Zeit für diese Einrichtung ist abgelaufen: beginnen Sie von vorn.',
  ],
  [/^There is no such second factor\.$/, () => 'Diesen zweiten Faktor gibt es nicht mehr.'],
  [
    /^There are (\d+) second factors already: remove one first\.$/,
    (most) => `Es gibt schon ${most} zweite Faktoren: entfernen Sie zuerst einen.`,
  ],
  [
    /^There is no second factor that recovery codes would stand in for\.$/,
    () => 'Sie haben keinen zweiten Faktor, für den Codes einstehen könnten.',
  ],
  [
    /^The name must have 1 to (\d+) characters, (?:in one line|and no line breaks)\.$/,
    (most) => `Der Name muss 1 bis ${most} Zeichen haben, in einer Zeile.`,
  ],
  [
    /^The code is not right: type the one that your app shows now, and check the time of your device\.$/,
    () =>
      'Der Code stimmt nicht: geben Sie den ein, den die App jetzt zeigt, und prüfen Sie die Uhr Ihres Geräts.',
  ],
  [
    /^The role of the user demands a second factor: add another one first\.$/,
    () => 'Ihre Rolle verlangt einen zweiten Faktor: fügen Sie zuerst einen anderen hinzu.',
  ],
  [
    /^This login has shown one factor: refresh it, and show your second factor again\.$/,
    () =>
      'Diese Anmeldung hat nur einen Faktor gezeigt: zeigen Sie Ihren zweiten Faktor noch einmal.',
  ],
  [
    /^This is the last passkey, and there is no password: add another passkey first\.$/,
    () =>
      'Das ist der letzte Passkey, und es gibt kein Passwort: fügen Sie zuerst einen anderen Passkey hinzu.',
  ],
  [
    /^This request for a passkey has ended or was answered before: begin again\.$/,
    () => 'Diese Frage nach einem Passkey ist abgelaufen: versuchen Sie es noch einmal.',
  ],
  [
    /^The passkey cannot be used here: try it again, or take another one\.$/,
    () =>
      'Dieser Passkey geht hier nicht: versuchen Sie es noch einmal, oder nehmen Sie einen anderen.',
  ],
  [
    /^This passkey is known here already: use another one\.$/,
    () => 'Dieser Passkey ist hier schon bekannt: nehmen Sie einen anderen.',
  ],
  [
    /^The lifetime must be whole seconds from (\d+) to (\d+)\.$/,
    () => 'Diese Laufzeit ist nicht erlaubt: wählen Sie eine aus der Liste.',
  ],
  [
    /^The scope must have only permissions that you have in this login\.$/,
    () => 'Der Schlüssel darf nur bekommen, was Sie selbst dürfen.',
  ],
  [
    /^There are (\d+) keys already: end one that is not needed\.$/,
    (most) => `Es gibt schon ${most} Schlüssel: beenden Sie einen, den Sie nicht brauchen.`,
  ],
  [
    /^This is the last active administrator: make another one first\.$/,
    () => 'Das ist das letzte aktive Konto der Verwaltung: legen Sie zuerst ein anderes an.',
  ],
]
