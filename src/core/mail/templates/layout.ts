import type { MailCommon, MailText } from './mail-data.ts'

/** What a mail says, from which its text and its HTML are made: so both say the same. */
export interface Letter {
  readonly subject: string
  /** Before the link or the code. */
  readonly says: readonly string[]
  /** The one link of the mail. */
  readonly link?: { readonly label: string; readonly url: string } | undefined
  /** A code to be typed. */
  readonly code?: string
  /** What happened, in rows. */
  readonly facts?: readonly (readonly [name: string, value: string])[]
  /** After all that. */
  readonly adds?: readonly string[]
}

/** Lays a letter out as text and as HTML: inline styles alone, no image, light and dark. */
export function layOut(given: Letter, { locale, name }: MailCommon): MailText {
  const letter = inLines(given)
  return {
    subject: letter.subject,
    text: asText(letter, oneLine(name)),
    html: asHtml(letter, locale, oneLine(name)),
  }
}

/** The letter, in which no value begins a line of its own. */
function inLines({ subject, says, code, link, facts = [], adds = [] }: Letter): Letter {
  return {
    subject: oneLine(subject),
    says: says.map(oneLine),
    adds: adds.map(oneLine),
    facts: facts.map(([key, value]) => [key, oneLine(value)]),
    ...(code !== undefined && { code: oneLine(code) }),
    ...(link !== undefined && { link: { ...link, url: link.url.replace(/\s+/g, '') } }),
  }
}

function asText({ says, link, code, facts = [], adds = [] }: Letter, name: string): string {
  const blocks = [
    ...says,
    ...(link === undefined ? [] : [`${link.label}:\n${link.url}`]),
    ...(code === undefined ? [] : [`    ${code}`]),
    ...(facts.length === 0 ? [] : [facts.map(([key, value]) => `${key}: ${value}`).join('\n')]),
    ...adds,
    `-- \n${name}`,
  ]
  return `${blocks.join('\n\n')}\n`
}

const fontStack = 'system-ui, -apple-system, Segoe UI, Roboto, sans-serif'

function asHtml(letter: Letter, locale: string, name: string): string {
  const { subject, says, link, code, facts = [], adds = [] } = letter
  const body = [
    ...says.map(paragraph),
    ...(link === undefined ? [] : [button(link)]),
    ...(code === undefined
      ? []
      : [
          `<p style="font: 600 28px ui-monospace, Consolas, monospace; letter-spacing: 4px; margin: 24px 0">${escapeHtml(code)}</p>`,
        ]),
    ...(facts.length === 0 ? [] : [factTable(facts)]),
    ...adds.map(paragraph),
    `<p style="margin: 32px 0 0; opacity: 0.7">${escapeHtml(name)}</p>`,
  ]
  return `<!doctype html>
<html lang="${escapeHtml(locale)}" style="color-scheme: light dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(subject)}</title>
</head>
<body style="margin: 0; padding: 24px; font: 16px/1.5 ${fontStack}">
<div style="max-width: 600px; margin: 0 auto">
${body.join('\n')}
</div>
</body>
</html>
`
}

const paragraph = (text: string): string => `<p style="margin: 0 0 16px">${escapeHtml(text)}</p>`

function button({ label, url }: { readonly label: string; readonly url: string }): string {
  const style =
    'display: inline-block; padding: 12px 20px; border-radius: 6px; background: #1a56db; color: #ffffff; text-decoration: none; font-weight: 600'
  return `<p style="margin: 24px 0"><a href="${escapeHtml(url)}" style="${style}">${escapeHtml(label)}</a></p>`
}

function factTable(facts: readonly (readonly [string, string])[]): string {
  const rows = facts.map(
    ([key, value]) =>
      `<tr><td style="padding: 2px 16px 2px 0; opacity: 0.7">${escapeHtml(key)}</td><td style="padding: 2px 0">${escapeHtml(value)}</td></tr>`,
  )
  return `<table role="presentation" style="margin: 0 0 16px; border-collapse: collapse">${rows.join('')}</table>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** The text, for an element or an attribute in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

/** The text without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}
