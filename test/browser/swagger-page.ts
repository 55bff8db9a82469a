// What a person does on the page of Swagger UI, with any server.

import type { Page } from 'playwright-core'

/** Presses Execute on a GET route; waits until the page shows an answer with the status. */
export async function execute(page: Page, path: string, status: number): Promise<string> {
  const block = page.locator('.opblock-get', { has: page.locator(`[data-path="${path}"]`) })
  const button = block.getByRole('button', { name: 'Execute' })
  if (!(await button.isVisible())) {
    await block.locator('.opblock-summary-control').click()
    await block.getByRole('button', { name: 'Try it out' }).click()
  }
  await button.click()
  const answer = block.locator('.live-responses-table .response')
  await answer.locator('.response-col_status', { hasText: String(status) }).waitFor()
  return (await answer.textContent()) ?? ''
}
