// The tutorial, followed word for word from the first page to the last: every file, change, command and
// answer of it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findBarriers } from '../browser/accessibility.ts'
import { launchChromium } from '../browser/chromium.ts'
import { root } from './sources.ts'
import { readChapter } from './tutorial-pages.ts'
import { createReader, type Reader } from './tutorial-reader.ts'

const password = 'three green tractors sing'
const canRun = ['--json', '--data-urlencode'].every((option) =>
  String(spawnSync('curl', ['--help', 'all']).stdout).includes(`${option} `),
)
const skip = canRun ? false : 'not checked: there is no curl here with --json'
const chapters = globSync('*.md', { cwd: join(root, 'docs/tutorial') }).sort()

let folder: string
let reader: Reader

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-tutorial-'))
  reader = await createReader(folder)
})

after(async () => {
  await reader?.stop()
  rmSync(folder, { recursive: true, force: true })
})

for (const chapter of chapters.slice(0, -2)) {
  test(`every step of ${chapter} does what the page says, and ends with the file it shows`, {
    skip,
  }, async () => {
    const steps = readChapter(chapter).flatMap((section) => section.steps)
    const commands = steps.flatMap((step) => (step.kind === 'type' ? step.commands : []))
    assert.ok(commands.filter(({ answer }) => answer !== '').length >= 4)
    await reader.follow(steps)
  })
}

test('the page of the fourth chapter logs in, keeps the login, refreshes and logs out', {
  skip,
}, async (t) => {
  const browser = await launchChromium()
  t.after(() => browser.close())
  const { page, complaints } = await browser.open()
  for (const { heading, steps } of readChapter(chapters.at(-2) ?? '')) {
    await reader.follow(heading === 'Watch a refresh' ? steps.slice(0, 1) : steps)
    if (heading === 'Use it') await useIt(page)
    if (heading !== 'Watch a refresh') continue
    await watchRefresh(page)
    await reader.follow(steps.slice(1))
  }
  // The browser itself reports each answer that is a refusal.
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  )
})

test('the page of the last chapter logs in and out at the login page, and sees no password', {
  skip,
}, async (t) => {
  const browser = await launchChromium()
  t.after(() => browser.close())
  const { page, complaints } = await browser.open()
  for (const { heading, steps } of readChapter(chapters.at(-1) ?? '')) {
    if (heading === 'See what is open') {
      await untilAnswered(page, '/notes', () => logInElsewhere(page, password))
    }
    await reader.follow(steps)
    if (heading === 'Use the login page') await useLoginPage(page)
  }
  // The browser itself reports each answer that is a refusal.
  assert.deepEqual(
    complaints.filter((text) => !text.includes('400')),
    [],
  )
})

const says = (page: Page, text: string): Promise<void> =>
  page.getByRole('status').filter({ hasText: text }).waitFor()

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name }).click()

/** Does something, and waits for the answer to the request that follows: the application may stop next. */
async function untilAnswered(page: Page, path: string, act: () => Promise<void>): Promise<void> {
  const answer = page.waitForResponse(`**${path}`)
  await act()
  await answer
}

async function logIn(page: Page, secret: string): Promise<void> {
  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Password').fill(secret)
  await press(page, 'Log in')
}

async function add(page: Page, text: string): Promise<void> {
  await page.getByLabel('New note').fill(text)
  await press(page, 'Add note')
  await page.getByText(`alice: ${text}`).waitFor()
}

async function useIt(page: Page): Promise<void> {
  await page.goto(reader.url)
  assert.deepEqual(await findBarriers(page), [])
  await logIn(page, 'guess')
  await says(page, 'Incorrect username or password')
  await untilAnswered(page, '/notes', () => logIn(page, password))
  await says(page, 'login')
  await add(page, 'Water the plants')
  assert.deepEqual(await findBarriers(page), [])
  await page.reload()
  await page.getByText('alice: Water the plants').waitFor()
  await untilAnswered(page, '/auth/revoke', () => press(page, 'Log out'))
  await says(page, 'logout')
  await page.getByLabel('Username').waitFor()
  assert.equal(await page.getByLabel('Password').inputValue(), '')
}

async function watchRefresh(page: Page): Promise<void> {
  await untilAnswered(page, '/notes', () => logIn(page, password))
  await add(page, 'Feed the cat')
  await says(page, 'refresh')
}

/** From the button of the page to the login page, and back if the password is right. */
async function logInElsewhere(page: Page, secret: string): Promise<void> {
  await press(page, 'Log in')
  await page.waitForURL('**/auth/authorize?*')
  await logIn(page, secret)
}

async function useLoginPage(page: Page): Promise<void> {
  await page.goto(reader.url)
  assert.deepEqual(await findBarriers(page), [])
  await logInElsewhere(page, 'guess')
  await page.getByText('The username or the password is incorrect').first().waitFor()
  await untilAnswered(page, '/notes', () => logIn(page, password))
  await add(page, 'Close the window')
  assert.deepEqual(await findBarriers(page), [])
  await press(page, 'Log out')
  await page.waitForURL((url) => url.href === `${reader.url}/`)
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  await press(page, 'Log in')
  await page.getByLabel('Password').waitFor()
  await page.goto(reader.url)
}
