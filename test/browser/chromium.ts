// A real browser for tests: the Chromium of the npm package `@sparticuz/chromium`, watched.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sparticuz from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findPrepared } from '../prepared.ts'

/** The flags of the package that would switch off what the tests look at, or crash between pages. */
const unwanted = ['--disable-web-security', '--allow-running-insecure-content', '--single-process']

/** A name that Chromium takes for this machine, so that a page has an origin that is not loopback. */
export const networkName = 'portcullis.test'

/** The name in the files of `deploy`, which Chromium takes for this machine too. */
export const deployedName = 'auth.example.com'

export interface TestBrowser {
  /** Opens an empty page with a profile of its own. */
  open(options?: BrowserContextOptions): Promise<WatchedPage>
  /** Ends the browser and removes its files. */
  close(): Promise<void>
}

export interface WatchedPage {
  readonly page: Page
  /** The URL of every request of the page, of whatever kind. */
  readonly requests: readonly string[]
  /** Errors in the console, exceptions of the page and violations of its policy. */
  readonly complaints: readonly string[]
}

/** Starts Chromium in a directory of its own, as test files run at the same time. */
export async function launchChromium(): Promise<TestBrowser> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-chromium-'))
  const browser = await launchIn(directory).catch((error: unknown) => {
    rmSync(directory, { recursive: true, force: true })
    throw error
  })
  return {
    async open(options) {
      const viewport = { width: 1280, height: 1000 }
      const context = await browser.newContext({ viewport, ...options })
      return await watch(await context.newPage())
    },
    async close() {
      await browser.close()
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function launchIn(directory: string): Promise<Browser> {
  const extracted = findPrepared('chromium') ?? directory
  const executablePath = await extractChromium(extracted)
  return await chromium.launch({
    executablePath,
    args: [
      ...sparticuz.args.filter((flag) => !unwanted.includes(flag)),
      `--host-resolver-rules=MAP ${networkName} 127.0.0.1,MAP ${deployedName} 127.0.0.1`,
    ],
    headless: true,
    env: {
      ...process.env,
      TMPDIR: directory,
      FONTCONFIG_FILE: configureFonts(directory, join(extracted, 'fonts')),
    },
  })
}

/** Extracts Chromium, unless that was done, which takes longer than everything else of a start. */
export async function extractChromium(directory: string): Promise<string> {
  // The package extracts to the temporary directory and takes what is there already for whole.
  const before = process.env.TMPDIR
  process.env.TMPDIR = directory
  sparticuz.setGraphicsMode = false
  try {
    return await sparticuz.executablePath()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

/** The package's own configuration looks for its font in one fixed place, where ours is not. */
function configureFonts(directory: string, fonts: string): string {
  const file = join(directory, 'portcullis-fonts.conf')
  const cache = join(directory, 'fonts-cache')
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>`,
  )
  return file
}

async function watch(page: Page): Promise<WatchedPage> {
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} refuses ${event.blockedURI}`)
    })
  })
  return { page, requests, complaints }
}
