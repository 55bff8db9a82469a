// What the settings of accounts and mails mean together.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import { accountOptions } from '../../../src/server/account-options.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import type { Environment } from '../../../src/server/settings/environment.ts'

const relay = {
  SMTP_URL: 'smtps://user:s3cret@relay.example.com',
  MAIL_FROM: 'Site <a@example.com>',
}

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

const optionsOf = async (environment: Environment, box = false) =>
  await accountOptions(readConfig(environment), box ? mailbox() : undefined)

test('nothing is switched on unless it is set', async () => {
  assert.equal(await optionsOf({}), undefined)
  assert.equal(await optionsOf({ ACCOUNT_DELETION: 'false', PASSWORD_RESET: 'false' }), undefined)
})

test('a relay is a mailer, and registration stays closed', async () => {
  const { mailer, ...options } = (await optionsOf(relay)) ?? {}
  assert.equal(typeof mailer?.send, 'function')
  assert.deepEqual(options, {
    ...{ registration: 'closed', deletionDelay: 1_209_600, locale: 'en' },
    from: 'Site <a@example.com>',
  })
})

test('registration is closed, invited, open, or for domains (AC-13)', async () => {
  const rows = [
    ['closed', 'closed'],
    ['invited', 'invited'],
    ['open', 'open'],
    ['example.com, Bücher.Example', { domains: ['example.com', 'xn--bcher-kva.example'] }],
  ] as const
  for (const [REGISTRATION, expected] of rows) {
    assert.deepEqual((await optionsOf({ ...relay, REGISTRATION }))?.registration, expected)
  }
})

test('links are handed over without a relay, where it is asked for', async () => {
  for (const environment of [{ PASSWORD_RESET: 'true' }, { REGISTRATION: 'invited' }]) {
    const options = await optionsOf(environment)
    assert.ok(options)
    assert.equal(options.mailer, undefined)
    assert.equal(options.passwordReset, undefined)
  }
})

test('a server for development has a sender by default', async () => {
  const options = await optionsOf({ SITE_NAME: 'Here', MAIL_LOCALE: 'de' }, true)
  assert.match(options?.from ?? '', /^Portcullis </)
  assert.deepEqual([options?.name, options?.locale], ['Here', 'de'])
})

const wrong: readonly (readonly [Environment, RegExp])[] = [
  [{ SMTP_URL: relay.SMTP_URL }, /^MAIL_FROM is missing/],
  [{ REGISTRATION: 'open' }, /^REGISTRATION needs SMTP_URL/],
  [{ REGISTRATION: 'example.com' }, /^REGISTRATION needs SMTP_URL/],
  [{ EMAIL_CHANGE: 'true' }, /^EMAIL_CHANGE needs SMTP_URL/],
  [{ NOTICES: 'true' }, /^NOTICES needs SMTP_URL/],
  [{ REGISTRATION: 'everybody' }, /^REGISTRATION must be/],
  [{ MAIL_FROM: 'nobody' }, /^MAIL_FROM must be/],
  [{ MAIL_LOCALE: 'fr' }, /^MAIL_LOCALE must be one of: en, de/],
  [{ ACCOUNT_DELETION: 'yes' }, /^ACCOUNT_DELETION must be one of/],
  [{ ACCOUNT_DELETION_DELAY: '99999999' }, /^ACCOUNT_DELETION_DELAY must be/],
  [{ ACCOUNT_LINKS: '{"invitation":"/here"}' }, /^ACCOUNT_LINKS must be/],
  [{ ACCOUNT_LINKS: '{"elsewhere":"https://a.example"}' }, /^ACCOUNT_LINKS must be/],
  [{ ACCOUNT_LINKS: 'null' }, /^ACCOUNT_LINKS must be/],
  [{ ...relay, SMTP_URL: 'ftp://user:s3cret@relay.example.com' }, /^SMTP_URL: /],
]

for (const [environment, expected] of wrong) {
  test(`${JSON.stringify(environment).replace('s3cret', '…')} is refused`, () => {
    const problems = problemsOf(environment)
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0] ?? '', expected)
    assert.ok(!problems.join().includes('s3cret'))
  })
}

test('pages of one’s own are whole URLs by name', async () => {
  const links = { invitation: 'https://app.example.com/welcome' }
  const options = await optionsOf({ ...relay, ACCOUNT_LINKS: JSON.stringify(links) })
  assert.deepEqual(options?.links, links)
})
