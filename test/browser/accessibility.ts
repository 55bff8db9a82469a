// What a page lacks for people with a disability, by the rules of axe-core (WCAG 2.2 A and AA).

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

declare global {
  interface Window {
    axe: typeof axe
  }
}

/** One line for each thing that is wrong; none if the page is good. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(source)
  const { violations } = await page.evaluate(() =>
    window.axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  )
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`),
  )
}

/**
 * Fails unless it is without barriers, and no wider than the screen. A picture of this name is kept if SCREENSHOTS
 * names a directory: to be looked at by a person.
 */
export async function assertGood(page: Page, name: string): Promise<void> {
  const directory = process.env.SCREENSHOTS
  if (directory) await page.screenshot({ path: `${directory}/${name}.png`, fullPage: true })
  assert.deepEqual(await findBarriers(page), [], name)
  const excess = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    return scrollWidth - clientWidth
  })
  assert.equal(excess, 0, `${name} is wider than the screen`)
}

/** What every page is looked at in: both schemes, both languages, and screens from a phone to a desk. */
export const looks = [
  { colorScheme: 'light', width: 320, language: 'en' },
  { colorScheme: 'dark', width: 320, language: 'de' },
  // What 200 % leaves of 1280.
  { colorScheme: 'light', width: 640, language: 'de' },
  { colorScheme: 'dark', width: 1280, language: 'en' },
] as const
