// The single page, built by Vite, in a browser, against the server of the quickstart.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { build, type PreviewServer, preview } from 'vite'
import { type Auth, createAuth } from '../../src/core/auth.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { launchChromium, type TestBrowser } from '../browser/chromium.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { startExample } from './process.ts'

const ends: (() => unknown)[] = []
const outDir = mkdtempSync(join(tmpdir(), 'portcullis-react-'))
let auth: Auth
let site: PreviewServer
let browser: TestBrowser
let page: Page
let complaints: readonly string[]

before(async () => {
  const server = await startExample({ after: (end) => ends.push(end) }, 'quickstart/app.ts')
  auth = await createAuth({ store: sqlite(join(server.directory, 'app.db')) })
  await auth.users.create({ username: 'bob', password: goodPassword })
  process.env.API = server.url
  const options = {
    root: join(root, 'examples/react'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
    resolve: { alias: { 'portcullis/client': join(root, 'src/client/index.ts') } },
  } as const
  await build(options)
  site = await preview({ ...options, preview: { host: '127.0.0.1', port: 0 } })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await site?.close()
  await auth?.close()
  for (const end of ends) await end()
  rmSync(outDir, { recursive: true, force: true })
})

async function open(t: TestContext): Promise<void> {
  ;({ page, complaints } = await browser.open())
  t.after(() => page.context().close())
  await page.goto(site.resolvedUrls?.local[0] ?? '')
}

async function logIn(username: string, password = goodPassword): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

const heading = (name: string) => page.getByRole('heading', { name }).waitFor()
const alert = (text: string) => page.getByRole('alert').filter({ hasText: text }).waitFor()
const press = (name: string) => page.getByRole('button', { name }).click()

test('react: a login survives a reload, and a log-out is one', async (t) => {
  await open(t)
  await logIn('alice', 'another password')
  await alert('Incorrect username or password.')
  assert.equal(await page.getByLabel('Username').inputValue(), 'alice')
  await logIn('alice')
  await heading('alice (admin)')
  await press('Count users')
  await page.getByText('There are 2 users.').waitFor()
  await page.reload()
  await heading('alice (admin)')
  await press('Log out')
  await heading('Log in')
  await page.reload()
  await heading('Log in')
  const alice = await auth.users.findByUsername('alice')
  assert.deepEqual(await auth.sessions.list(alice?.id ?? ''), [])
  // The browser itself reports each answer that is a refusal.
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  )
})

test('react: what the server refuses is said, and a session that ended asks for a login', async (t) => {
  await open(t)
  await logIn('bob')
  await heading('bob (member)')
  await press('Count users')
  await alert('Not enough permissions')
  const bob = await auth.users.findByUsername('bob')
  await auth.users.endSessions(bob?.id ?? '')
  await press('Count users')
  await heading('Log in')
  await alert('Your session has ended.')
})
