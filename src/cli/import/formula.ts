// A spreadsheet takes a field that begins with one of these for a formula, and computes it. An apostrophe
// before it marks it as text. Export always adds one, and import always removes one, even if the field has
// apostrophes of its own. So an exported field is imported unchanged.
const formula = /^'*[=+\-@\t\r]/

/** The field as CSV has it that people open in a spreadsheet. */
export function guardedField(field: string): string {
  return formula.test(field) ? `'${field}` : field
}

/** The field that `guardedField` was given. */
export function unguardedField(field: string): string {
  return field.startsWith("'") && formula.test(field) ? field.slice(1) : field
}
