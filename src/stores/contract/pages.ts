import assert from 'node:assert/strict'

/**
 * Reads page after page, each of `limit` at most, until one is not full. Fails when there are more pages
 * than so many items fill: each must go on after the last item of the one before.
 */
export async function readPages<Item>(
  { limit, items }: { readonly limit: number; readonly items: number },
  read: (after: Item | undefined) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  const all: Item[] = []
  for (let left = Math.floor(items / limit); left >= 0; left--) {
    const page = await read(all.at(-1))
    assert.ok(page.length <= limit, `a page of ${limit} has ${page.length}`)
    all.push(...page)
    if (page.length < limit) return all
  }
  assert.fail(`${items} items fill fewer pages: a page has to go on after what it is told`)
}
