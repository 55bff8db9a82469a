// What the mails say, and what they never hold.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MailKind, mailLifetime } from '../../../../src/core/mail/kinds.ts'
import { programOf } from '../../../../src/core/mail/program.ts'
import type {
  MailData,
  MailText,
  ResolvedMail,
} from '../../../../src/core/mail/templates/mail-data.ts'
import { createRender, mailLocales } from '../../../../src/core/mail/templates/render.ts'

const kinds = Object.keys(mailLifetime) as MailKind[]
const at = 1_795_929_540
const url = 'https://auth.example.com'
const notice = {
  at,
  source: '192.0.2.7',
  program: { name: 'Firefox', system: 'Windows' },
  sessionsUrl: `${url}/account/sessions`,
}
const link = `${url}/reset#token=pot_x`

const data: MailData = {
  registration: { link, expiresAt: at },
  already_registered: { resetLink: `${url}/forgot` },
  invitation: { link, expiresAt: at },
  password_reset: { link, expiresAt: at, username: 'ann' },
  password_elsewhere: { issuer: 'Example Login' },
  email_code: { code: '01234567', expiresAt: at },
  email_change_begun: notice,
  email_changed: { ...notice, restoreLink: link, expiresAt: at },
  email_confirmed: {},
  email_wanted: {},
  password_changed: notice,
  new_login: notice,
  role_changed: { ...notice, role: 'editor' },
  account_locked: notice,
  factor_added: notice,
  factor_removed: notice,
  factor_locked: notice,
  recovery_code_used: { ...notice, left: 7 },
  recovery_codes_made: notice,
  deletion_begun: { deleteAt: at },
  api_key_created: { ...notice, key: 'nightly backup' },
  api_key_ended: { ...notice, key: 'nightly backup' },
  api_key_expires: { key: 'nightly backup', expiresAt: at },
}

const render = createRender({ name: 'Example', url })

/** Each kind has data of its own, which the compiler cannot tell of a list of kinds. */
function mailOf(kind: MailKind, locale: string | null, changes: object = {}): ResolvedMail {
  return {
    ...{ kind, to: 'ann@example.com', locale, data: { ...data[kind], ...changes } },
  } as ResolvedMail
}

const links = (html: string): readonly string[] =>
  [...html.matchAll(/href="([^"]*)"/g)].map(([, target = '']) => target)

/** The words of a page, without markup. */
function wordsOf({ html }: MailText): string {
  return html
    .replace(/^[\s\S]*<body[^>]*>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

const compare = (text: string): readonly string[] => text.match(/[\p{L}\p{N}]+/gu) ?? []

for (const locale of mailLocales) {
  for (const kind of kinds) {
    test(`${kind} in ${locale}: text and HTML say the same, with one link at most (AC-54)`, () => {
      const mail = render(mailOf(kind, locale))
      const targets = links(mail.html)
      assert.ok(targets.length <= 1)
      assert.deepEqual(mail.text.match(/https?:\/\/\S+/g) ?? [], targets)
      const textWords = targets.reduce((text, target) => text.replace(target, ''), mail.text)
      assert.deepEqual(compare(textWords), compare(wordsOf(mail)))
      assert.ok(mail.html.includes(`<html lang="${locale}" style="color-scheme: light dark">`))
      assert.match(mail.html, /max-width: 600px/)
      assert.doesNotMatch(mail.html, /<(img|script|style|link|iframe)\b|@import|url\(/)
      assert.ok(mail.text.split('\n').every((line) => !/undefined|null|NaN|\[object/.test(line)))
    })
  }
}

test('the kinds that are to hold a link or a code hold it', () => {
  const holding = kinds.filter((kind) => links(render(mailOf(kind, 'en')).html).length === 1)
  assert.deepEqual(holding.toSorted(), [
    ...['account_locked', 'already_registered', 'api_key_created', 'api_key_ended'],
    ...['email_change_begun', 'email_changed', 'factor_added', 'factor_removed', 'invitation'],
    ...['new_login', 'password_changed', 'password_reset', 'recovery_code_used'],
    ...['recovery_codes_made', 'registration', 'role_changed'],
  ])
  assert.match(render(mailOf('email_code', 'de')).text, /^ {4}01234567$/m)
  assert.ok(render(mailOf('password_reset', 'en')).html.includes(`href="${link}"`))
})

test('a change that cannot be taken back has no link to do so (AC-54)', () => {
  for (const locale of ['en', 'de']) {
    const data = { ...notice, restoreLink: null, expiresAt: null }
    const mail = { kind: 'email_changed', to: 'ann@example.com', locale, data } as const
    const { text, html } = render(mail)
    assert.doesNotMatch(text + html, /https?:/)
  }
})

test('a time is that of UTC, in the words of the language (AC-54)', () => {
  assert.match(render(mailOf('new_login', 'en')).text, /^Time: 29 November 2026 at \d\d:\d\d UTC$/m)
  assert.match(
    render(mailOf('new_login', 'de')).text,
    /^Zeit: 29\. November 2026 um \d\d:\d\d UTC$/m,
  )
})

test('an unknown language falls back to the default, and that to English (AC-54)', () => {
  const text = (locale: string | null, fallback?: string): string =>
    createRender({ name: 'Example', url, locale: fallback })(mailOf('email_confirmed', locale)).text
  assert.match(text('de-AT'), /Dies ist/)
  for (const locale of [null, 'xx', '__proto__', 'constructor', '"><script>']) {
    assert.match(text(locale), /This is now/)
    assert.match(text(locale, 'de'), /Dies ist/)
    assert.match(text(locale, 'fr'), /This is now/)
  }
})

const hostile = 'x"><script>alert(1)</script>\r\nBcc: eve@example.com\r\n\r\nhttps://evil.example/'

test('a value with HTML, a link or a line break is neither (AC-48, AC-54)', () => {
  for (const locale of mailLocales) {
    const named = createRender({ name: hostile, url })
    for (const kind of kinds) {
      const changes = { username: hostile, role: hostile, issuer: hostile, source: hostile }
      const mail = named(mailOf(kind, locale, changes))
      assert.doesNotMatch(mail.subject, /[\r\n]/)
      assert.doesNotMatch(mail.html, /<script|^Bcc:/m)
      assert.doesNotMatch(mail.text, /^(Bcc:|https:\/\/evil)/m)
      assert.ok(links(mail.html).every((target) => target.startsWith(url)))
    }
  }
})

test('what a client says of itself is not in a mail: an address that is none, a program that is unknown (AC-48)', () => {
  const program = programOf(hostile)
  const { text } = render(mailOf('new_login', 'en', { source: hostile, program }))
  assert.match(text, /^Address: unknown$/m)
  assert.match(text, /^Program: another program$/m)
  assert.equal(text.includes('evil'), false)
})

test('a template of one’s own replaces one kind, and no other (AC-54)', () => {
  const own = createRender({
    ...{ name: 'Example', url },
    templates: {
      password_reset: ({ username }, { locale, name }) => ({
        ...{ subject: `${name} ${locale}`, text: username, html: '' },
      }),
    },
  })
  assert.deepEqual(own(mailOf('password_reset', 'de')), {
    ...{ subject: 'Example de', text: 'ann', html: '' },
  })
  assert.deepEqual(own(mailOf('new_login', 'de')), render(mailOf('new_login', 'de')))
})
