// The pictures of the documents as a browser draws them: nothing is cut off, covered or hard to read.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { contrast } from '../contrast.ts'
import { root } from '../house/sources.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'

/** The width of a picture on the narrowest phone that we look at, and of its own coordinates. */
const [narrow, own] = [320, 400]

interface Writing {
  readonly text: string
  readonly pixels: number
  readonly box: readonly [left: number, top: number, right: number, bottom: number]
  readonly colour: string
  readonly surface: string
}

let browser: TestBrowser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

/** Every text of a picture as it is drawn, in the picture's own coordinates. */
async function writingsOf(svg: string, colorScheme: 'light' | 'dark') {
  const { page, complaints } = await browser.open({ colorScheme })
  await page.goto(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`)
  const drawn = await page.evaluate(() => {
    const picture = document.documentElement as unknown as SVGSVGElement
    const problem = document.querySelector('parsererror')?.textContent ?? null
    const writings = [...document.querySelectorAll('text')].map((element) => {
      const { x, y, width, height } = element.getBBox()
      const under = [...document.querySelectorAll('rect')].findLast((rect) => {
        const box = rect.getBBox()
        const inX = box.x <= x && x + width <= box.x + box.width
        return inX && box.y <= y && y + height <= box.y + box.height
      })
      const { fontSize, fill } = getComputedStyle(element)
      return {
        text: element.textContent,
        pixels: Number.parseFloat(fontSize),
        box: [x, y, x + width, y + height] as const,
        colour: fill,
        surface: under ? getComputedStyle(under).fill : 'none',
      }
    })
    return { problem, height: picture.viewBox.baseVal?.height, writings }
  })
  await page.context().close()
  assert.equal(drawn.problem, null)
  assert.deepEqual(complaints, [])
  return drawn
}

function overlap({ box: one }: Writing, { box: other }: Writing): boolean {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3]
}

for (const file of globSync('docs/pictures/*.svg', { cwd: root })) {
  const svg = readFileSync(join(root, file), 'utf8')
  for (const scheme of ['light', 'dark'] as const) {
    test(`${file} is XML whose texts can be read in the ${scheme} scheme, on a phone too`, async () => {
      const { writings, height } = await writingsOf(svg, scheme)
      assert.ok(writings.length > 5)
      for (const writing of writings) {
        const { text, pixels, box, colour, surface } = writing
        assert.notEqual(surface, 'none', `within one surface: ${text}`)
        assert.ok(contrast(colour, surface) >= 4.5, `contrast of ${text}`)
        assert.ok((pixels * narrow) / own >= 11, `size of ${text}`)
        assert.ok(box[0] >= 0 && box[2] <= own && box[3] <= height, `place of ${text}`)
        const covered = writings.filter((other) => other !== writing && overlap(writing, other))
        assert.deepEqual(covered, [], `covers ${text}`)
      }
    })
  }
}
