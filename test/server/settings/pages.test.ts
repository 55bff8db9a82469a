import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import { buildApp } from '../../../src/server/app.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import { createTestAuth } from '../../fixtures.ts'

test('SITE_ACCENT is a colour for light and one for dark, with or without #', () => {
  const accent = { light: '#0a5c36', dark: '#7fd4a8' }
  assert.deepEqual(readConfig({ SITE_ACCENT: '0a5c36,7fd4a8' }).siteAccent, accent)
  assert.deepEqual(readConfig({ SITE_ACCENT: '#0a5c36, #7fd4a8' }).siteAccent, accent)
  for (const wrong of ['0a5c36', 'red,blue', '0a5c36,0a5c36', '7fd4a8,7fd4a8', '0a5c36;x,7fd4a8']) {
    assert.throws(() => readConfig({ SITE_ACCENT: wrong }), /SITE_ACCENT\.(light|dark) /, wrong)
  }
})

test('SITE_LOGO is where a page may show a picture from', () => {
  for (const url of ['/logo.svg', 'https://cdn.example.com/logo.png']) {
    assert.equal(readConfig({ SITE_LOGO: url }).siteLogo, url)
  }
  const refused = /SITE_LOGO must be a path on this server/
  assert.throws(() => readConfig({ SITE_LOGO: 'http://cdn.example.com/logo.png' }), refused)
})

test('the server has the pages of what is switched on, and they look as it was told', async (t) => {
  const accounts = { mailer: mailbox(), from: 'no-reply@example.com', name: 'Shop' }
  const auth = await createTestAuth({ accounts })
  const pages = { logo: { url: '/logo.svg' } }
  const app = await buildApp({ auth, pages, docs: false })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  const { headers, body } = await app.inject('/account/forgot-password')
  assert.match(body, /<img src="\/logo\.svg" alt="">Shop<\/header>/)
  // The page's own policy and no other, whatever the server says elsewhere.
  assert.match(
    String(headers['content-security-policy']),
    /^default-src 'none'; script-src 'sha256-/,
  )
  assert.equal((await app.inject('/account/register')).statusCode, 404)
})
